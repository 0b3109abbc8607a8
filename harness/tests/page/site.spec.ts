import { expect, test, type Page } from '@playwright/test';
import { obstacles, open } from './open';

// Of the index: its data, its script.
const SCRIPTS = 2;
const NEVER = 'img,iframe,object,embed,svg,math,video,audio,link,base,form,template,marquee,details,source,frame';

const rows = (page: Page) => page.getByRole('region', { name: 'List of runs' }).locator('tbody tr');

// How many colours stand in each plot: an empty canvas has one, that of nothing.
const colors = (page: Page) => page.locator('.plot canvas').evaluateAll((all) =>
  (all as HTMLCanvasElement[]).map((canvas) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  }));

test('the index shows the latest table, trends and all runs', async ({ page }) => {
  const watch = await open(page, 'site/index');
  await expect(page.getByRole('heading', { name: /^Latest run: 20261114-010203.004-quick/ })).toBeVisible();
  const table = page.getByRole('region', { name: 'Table of the latest run' });
  await expect(table.getByRole('columnheader')).toHaveCount(5);
  await expect(table.locator('td.unexpected').first()).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Trends of quick' })).toBeVisible();
  await expect(page.getByText('10 runs, the oldest left; 2 that have no end or another selection')).toBeVisible();
  await expect(rows(page)).toHaveCount(14);
  await expect(page.locator('.plot canvas')).toHaveCount(3);
  await expect.poll(async () => Math.min(...(await colors(page)))).toBeGreaterThan(5);
  expect(watch.wrong).toEqual([]);
});

test('a filter of the matrix changes table, trends and list, and stays in the address', async ({ page }) => {
  await open(page, 'site/index');
  await page.getByLabel('matrix', { exact: true }).selectOption('nightly');
  await expect(rows(page)).toHaveCount(2);
  await expect(page.getByRole('heading', { name: /^Latest run: 20261110/ })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Trends of nightly' })).toBeVisible();
  await page.reload();
  await expect(rows(page)).toHaveCount(2);
  await page.getByLabel('matrix', { exact: true }).selectOption('all');
  await expect(rows(page)).toHaveCount(14);
});

test('plots have their numbers as a table', async ({ page }) => {
  await open(page, 'site/index');
  await page.getByRole('button', { name: 'Numbers' }).nth(1).click();
  const numbers = page.getByRole('region', { name: 'Numbers: Load time in ms, median of each kernel' });
  await expect(numbers.locator('tbody tr')).toHaveCount(10);
  await expect(numbers.locator('tbody tr').last()).toContainText('1.04');
  const sum = page.locator('.plot').first().locator('.lines b').first();
  const before = await sum.innerText();
  await page.getByLabel('instructions', { exact: true }).selectOption('median');
  await expect(sum).not.toHaveText(before);
  await expect(sum).toHaveText('25');
});

test('nothing serious for a screen reader in the index, light and dark', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await open(page, 'site/index');
  await page.getByRole('button', { name: 'Numbers' }).first().click();
  expect(await obstacles(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
  expect(await obstacles(page)).toEqual([]);
});

test('a link leads to the page of a run, which is dark when the index is', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await open(page, 'site/index');
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect.poll(() => page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
  await expect.poll(async () => Math.min(...(await colors(page)))).toBeGreaterThan(5);
  await expect(page.locator('a')).toHaveCount(2); // the newest run has a page, above and in the list
  await rows(page).first().getByRole('link').click();
  await expect(page).toHaveTitle(/2026-11-14/);
  await expect(page.getByRole('treegrid')).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
});

test('hostile text is only text in the index', async ({ page }) => {
  const watch = await open(page, 'site/hostile');
  for (const button of await page.getByRole('button', { name: 'Numbers' }).all()) await button.click();
  expect(await page.locator('.plot').first().locator('.lines li').count()).toBeGreaterThan(0);
  const seen = await page.evaluate((never) => ({
    pwned: (globalThis as { pwned?: unknown }).pwned,
    scripts: document.scripts.length,
    elements: document.querySelectorAll(never).length,
    links: document.querySelectorAll('a').length,
    handlers: [...document.querySelectorAll('*')].filter((one) =>
      one.getAttributeNames().some((name) => name.startsWith('on') || name === 'src' || name === 'href')).length,
    shown: (document.body.innerText.match(/pwned|attacker|alert/g) ?? []).length,
  }), NEVER);
  expect(seen).toMatchObject({ pwned: undefined, scripts: SCRIPTS, elements: 0, links: 0, handlers: 0 });
  expect(seen.shown).toBeGreaterThan(165);
  expect(watch.wrong).toEqual([]);
});

test('all of the index is printed, without what nobody can press on paper', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await open(page, 'site/index');
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('search')).toBeHidden();
  const { shown, all } = await page.locator('.overview').evaluate((one) => ({ shown: one.clientHeight, all: one.scrollHeight }));
  expect(shown).toBe(all);
});
