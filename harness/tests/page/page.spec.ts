import { expect, test, type Page } from '@playwright/test';
import { obstacles, open } from './open';

const cells = (page: Page) => page.locator('td.box:not(.none)');
const panel = (page: Page) => page.getByRole('dialog');
const CELL = 'debian-6.12/libbpf-1.4.6/long_fault/prog_load:2:4096';

async function choose(page: Page, label: string, value: string) {
  await page.getByRole('combobox', { name: label }).click();
  await page.getByRole('option', { name: value, exact: true }).click();
  await page.keyboard.press('Escape');
}

test('a filter of kernels leaves its column', async ({ page }) => {
  const watch = await open(page, 'plain');
  const before = await page.getByRole('columnheader').count();
  await choose(page, 'kernel', 'debian-6.1');
  await expect(page.getByRole('columnheader')).toHaveCount(2);
  expect(before).toBe(5);
  expect(page.url()).toContain('kernel=debian-6.1');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(page.getByRole('columnheader')).toHaveCount(before);
  expect(watch.wrong).toEqual([]);
});

test('a filter of the status leaves what has it, and fades the rest', async ({ page }) => {
  await open(page, 'plain');
  const all = await cells(page).count();
  await choose(page, 'status', 'FAIL');
  await expect(page.locator('td.unexpected').first()).toBeVisible();
  expect(await cells(page).count()).toBeLessThan(all);
  for (const box of await page.locator('td.box:not(.none):not(.faded)').all())
    await expect(box).toHaveClass(/unexpected/);
});

test('a search finds errnos, modes and programs, all words of it', async ({ page }) => {
  await open(page, 'plain');
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox')).toBeFocused();
  await page.keyboard.type('einval long_fault');
  await expect(page.locator('tr.level-1')).toHaveCount(1);
  await expect(page.locator('tr.level-1')).toContainText('long_fault');
  await page.getByRole('searchbox').fill('there is no such thing');
  await expect(page.getByText('Nothing matches')).toBeVisible();
});

test('groups collapse, alone and all', async ({ page }) => {
  await open(page, 'plain');
  const first = page.locator('tr.level-1').first();
  const all = await page.locator('tbody tr').count();
  await first.click();
  await expect(first).toHaveAttribute('aria-expanded', 'false');
  expect(await page.locator('tbody tr').count()).toBeLessThan(all);
  await page.getByRole('button', { name: 'Collapse all' }).click();
  await expect(cells(page)).toHaveCount(0);
  await page.getByRole('button', { name: 'Expand all' }).click();
  await expect(page.locator('tbody tr')).toHaveCount(all);
});

test('loaders that are alike share a row, and each has its own when asked', async ({ page }) => {
  await open(page, 'plain');
  await page.getByRole('searchbox').fill('trivial');
  await expect(page.locator('tr.level-1')).toHaveCount(1);
  const joined = await page.locator('tr[aria-level="3"]').count();
  await page.getByRole('checkbox', { name: /join loaders/ }).uncheck();
  await expect(async () => {
    expect(await page.locator('tr[aria-level="3"]').count()).toBeGreaterThan(joined);
  }).toPass();
});

test('a cell opens with log, calls, command, digests and history', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const watch = await open(page, 'plain', `#join=0&cell=${encodeURIComponent(CELL)}`);
  await expect(panel(page).getByRole('heading', { name: CELL })).toBeVisible();
  await expect(panel(page).locator('pre', { hasText: 'processed 2 insns' }).first()).toBeVisible();
  await expect(panel(page).locator('table.calls .measured')).toContainText('PROG_LOAD');
  await expect(panel(page).locator('ol.strip li')).toHaveCount(4);
  await expect(panel(page).getByText('content key')).toBeVisible();
  await panel(page).getByRole('button', { name: 'Copy the command' }).click();
  await expect(panel(page).getByText('Copied')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    await panel(page).locator('pre.command').innerText(),
  );
  expect(watch.wrong).toEqual([]);
});

test('a log is shown even where its length was told as nothing', async ({ page }) => {
  await open(page, 'plain', '#cell=debian-6.1%2Flibbpf-1.4.6%2Ftrivial%2Fprog_load%3A1%3A4096');
  await expect(panel(page).getByRole('region', { name: 'Log' })).toContainText('second line');
});

test('a link opens the same cell, with the same filters', async ({ page, context }) => {
  await open(page, 'plain');
  await choose(page, 'program', 'long_fault');
  await page.getByRole('checkbox', { name: /join loaders/ }).uncheck();
  await cells(page).nth(5).click();
  const title = await panel(page).getByRole('heading').first().innerText();
  const second = await context.newPage();
  await second.goto(page.url());
  await expect(panel(second).getByRole('heading').first()).toHaveText(title);
  await expect(second.locator('td.open')).toBeVisible();
  await expect(second.locator('tr.level-1')).toHaveCount(1);
  await expect(second.getByRole('checkbox', { name: /join loaders/ })).not.toBeChecked();
});

test('a link to a cell that is not there says so', async ({ page }) => {
  await open(page, 'plain', '#cell=none/of/these');
  await expect(page.getByRole('alert')).toContainText('no such cell');
});

test('the keyboard alone reads the table', async ({ page }) => {
  await open(page, 'plain');
  await page.getByRole('button', { name: 'Dark' }).focus();
  await page.keyboard.press('Tab');
  const focus = () => page.evaluate(() => (document.activeElement as HTMLElement).dataset['place'] ?? '');
  const start = await focus();
  expect(start).not.toBe('');
  await page.keyboard.press('ArrowLeft'); // closes the group
  await expect(page.locator('tr.level-1').first()).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('tr.level-1').first()).toHaveAttribute('aria-expanded', 'true');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(page.locator('td:focus')).toHaveCount(1);
  const at = await focus();
  await page.keyboard.press('Enter');
  await expect(panel(page)).toBeVisible();
  await expect.poll(() => page.evaluate(() => !!document.activeElement?.closest('.panel'))).toBe(true);
  await page.keyboard.press('Escape');
  await expect(panel(page)).toHaveCount(0);
  await expect.poll(focus).toBe(at);
  await page.keyboard.press('Control+End');
  await expect.poll(focus).not.toBe(at);
  await page.keyboard.press('Control+Home');
  await expect.poll(focus).toBe(start);
  expect(await page.locator('[data-place][tabindex="0"]').count()).toBe(1);
});

test('laws stand with their verdicts and lead to the cells that decided', async ({ page }) => {
  await open(page, 'plain');
  await page.getByRole('radio', { name: 'laws' }).check();
  await expect(page.getByRole('treegrid', { name: 'Laws' })).toBeVisible();
  await page.locator('td.unexpected').first().click();
  await expect(panel(page)).toContainText('broken');
  await panel(page).locator('button.link').first().click();
  await expect(panel(page).locator('pre.command')).toBeVisible();
  expect(decodeURIComponent(page.url())).toContain('cell=debian-');
});

test('no letter of trouble has the colour of what was loaded', async ({ page }) => {
  await open(page, 'plain');
  const color = (letter: string) => page.evaluate((of) => {
    const box = document.createElement('span');
    box.className = `badge box letter-${of.codePointAt(0)!.toString(16)}`;
    document.body.append(box);
    return getComputedStyle(box).backgroundColor;
  }, letter);
  const loaded = await color('L');
  for (const letter of 'CWAHOGBF') expect(await color(letter), letter).not.toBe(loaded);
});

test('rows by loader name the loader first', async ({ page }) => {
  await open(page, 'plain', '#view=loader');
  await expect(page.locator('tr.level-1').first()).toContainText('raw');
});

for (const scheme of ['light', 'dark'] as const)
  test(`nothing serious for a screen reader: ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await open(page, 'plain', `#cell=${encodeURIComponent(CELL)}`);
    await expect(panel(page).locator('pre').first()).toBeVisible();
    expect(await obstacles(page)).toEqual([]);
    await page.getByRole('radio', { name: 'laws' }).check();
    await page.locator('td.box:not(.none)').first().click();
    await page.getByRole('combobox', { name: 'kernel' }).click();
    await expect(page.getByRole('option').first()).toBeVisible();
    expect(await obstacles(page)).toEqual([]);
  });

test('dark follows the system until somebody chooses', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await open(page, 'plain');
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await background();
  await page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(background).not.toBe(dark);
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect.poll(background).toBe(dark);
  await page.reload();
  await expect.poll(background).toBe(dark);
});

test('a dark page is printed light', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await open(page, 'plain');
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(await background()).not.toBe('rgb(255, 255, 255)');
  await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
  await expect.poll(background).toBe('rgb(255, 255, 255)');
});

test('all rows are printed', async ({ page }) => {
  await open(page, 'large');
  const rows = Number(await page.getByRole('treegrid').getAttribute('aria-rowcount'));
  expect(await page.locator('tbody tr').count()).toBeLessThan(200);
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await expect(page.locator('tbody tr')).toHaveCount(rows - 1);
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('search')).toBeHidden();
  await page.emulateMedia({ media: 'screen' });
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  await expect.poll(() => page.locator('tbody tr').count()).toBeLessThan(200);
});

test('a search goes through logs when it is asked to', async ({ page }) => {
  const watch = await open(page, 'large');
  // A number that only logs have.
  await page.getByRole('searchbox').fill('scalar(id=17,umax=');
  await expect(page.getByText('Nothing matches')).toBeVisible();
  await page.getByRole('checkbox', { name: 'in logs too' }).check();
  await expect(page.locator('td.box:not(.faded)').first()).toBeVisible();
  await page.locator('td.box:not(.faded)').first().click();
  await expect(panel(page).locator('pre', { hasText: 'scalar(id=17,umax=' }).first()).toBeVisible();
  expect(page.url()).toContain('logs=1');
  expect(watch.wrong).toEqual([]);
});
