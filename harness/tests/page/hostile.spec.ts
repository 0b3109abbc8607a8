import { expect, test } from '@playwright/test';
import { open } from './open';

// What the page itself has: three of data, its script.
const SCRIPTS = 4;
const NEVER = 'img,iframe,object,embed,svg,math,video,audio,link,base,form,template,marquee,details,source,a,frame';

test('no hostile text of a guest is ever more than text', async ({ page }) => {
  const watch = await open(page, 'hostile');
  const ids: string[] = await page.evaluate(() => {
    const run = JSON.parse(document.getElementById('run')!.textContent!) as {
      kernels: { id: string }[]; programs: { id: string }[]; cells: { kernel: number[]; program: number[] };
    };
    return run.cells.kernel.map((kernel, i) =>
      `${run.kernels[kernel]!.id}/raw/${run.programs[run.cells.program[i]!]!.id}/prog_load:2:4096`);
  });
  expect(ids.length).toBeGreaterThanOrEqual(100);
  await page.getByRole('button', { name: /^Summary/ }).click();
  // All in one go in the page: each cell is opened by its address, and looked at once it is drawn.
  const seen = await page.evaluate(async ({ cells, never }) => {
    const drawn = (cell: string) => new Promise<Element>((done) => {
      const look = () => {
        const panel = document.querySelector('.panel');
        if (panel?.querySelector('h1, h2')?.textContent === cell && panel.querySelector('pre.command')) done(panel);
        else requestAnimationFrame(look);
      };
      look();
    });
    const all = [];
    for (const cell of cells) {
      location.hash = `#cell=${encodeURIComponent(cell)}`;
      const panel = await drawn(cell);
      all.push({
        cell,
        pwned: (globalThis as { pwned?: unknown }).pwned,
        scripts: document.scripts.length,
        elements: document.querySelectorAll(never).length,
        handlers: [...document.querySelectorAll('*')].filter((one) =>
          one.getAttributeNames().some((name) => name.startsWith('on') || name === 'src' || name === 'href')).length,
        shown: /pwned|attacker|alert/.test(panel.textContent ?? ''),
      });
    }
    return all;
  }, { cells: ids, never: NEVER });
  // The attacks were there to be read.
  for (const one of seen)
    expect(one, one.cell).toMatchObject({ pwned: undefined, scripts: SCRIPTS, elements: 0, handlers: 0, shown: true });
  expect(seen.length).toBe(ids.length);
  expect(watch.wrong).toEqual([]);
});

test('what is hostile can be searched for and filtered', async ({ page }) => {
  const watch = await open(page, 'hostile');
  await page.getByRole('searchbox').fill('<script>window.pwned');
  await expect(page.locator('tr.level-1').first()).toBeVisible();
  await open(page, 'hostile', '#q=%3Cimg%20src%3Dx%20onerror%3Dpwned%3D1%3E&view=%3Cscript%3E&cell=%3Csvg%20onload%3Dpwned%3D1%3E');
  expect(await page.evaluate(() => (globalThis as { pwned?: unknown }).pwned)).toBeUndefined();
  expect(watch.wrong).toEqual([]);
});

test('a script that gets into the page does not run', async ({ page }) => {
  await page.goto('about:blank');
  const { readFileSync, writeFileSync } = await import('node:fs');
  const { fileOf } = await import('./open');
  const page_text = readFileSync(fileOf('plain'), 'utf8');
  // Were all the escaping undone, the policy would still stand.
  const broken = page_text.replace('<div id="page">',
    () => '<script>window.pwned=1</script><img src=x onerror="window.pwned=2"><div id="page">');
  expect(broken).not.toBe(page_text);
  writeFileSync(fileOf('broken'), broken);
  const violations: string[] = [];
  page.on('console', (message) => violations.push(message.text()));
  await page.goto(`file://${fileOf('broken')}`);
  await expect(page.locator('main')).toBeVisible();
  expect(await page.evaluate(() => (globalThis as { pwned?: unknown }).pwned)).toBeUndefined();
  expect(violations.join('\n')).toContain('Content Security Policy');
});
