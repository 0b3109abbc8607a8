import { statSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { fileOf, open } from './open';

test('ten thousand cells take at most 5 MiB and can be worked with', async ({ page }) => {
  const { size } = statSync(fileOf('large'));
  expect(size).toBeLessThanOrEqual(5 * 1024 * 1024);
  const watch = await open(page, 'large');
  await page.locator('td.box').first().click();
  await expect(page.getByRole('dialog')).toBeVisible();
  const interactive = await page.evaluate(() => performance.now());
  await expect(page.locator('.panel pre', { hasText: 'R10=fp0' }).first()).toBeVisible();
  await page.getByRole('searchbox').fill('program7 libbpf-1.3');
  await expect(page.locator('tr.level-1')).toHaveCount(1);
  await page.getByRole('searchbox').fill('');
  await page.locator('.scroller').evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(page.locator('tr.level-1, tr[aria-level="3"]').last()).toBeVisible();
  expect(watch.wrong).toEqual([]);
  console.log(`10,000 cells: ${(size / 1048576).toFixed(2)} MiB, a cell was open ${interactive.toFixed(0)} ms after the start`);
});
