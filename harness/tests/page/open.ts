// Opens a page of the fixtures and keeps watch: what a page must never do fails the test.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, type Page } from '@playwright/test';

export const fileOf = (name: string) => join(dirname(fileURLToPath(import.meta.url)), '..', 'pages', `${name}.html`);
export const addressOf = (name: string, fragment = '') => `file://${fileOf(name)}${fragment}`;

export interface Watch {
  wrong: string[];
}

export async function open(page: Page, name: string, fragment = ''): Promise<Watch> {
  const watch: Watch = { wrong: [] };
  page.on('dialog', (dialog) => {
    watch.wrong.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => watch.wrong.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => watch.wrong.push(`error: ${error.message}`));
  page.on('popup', (popup) => watch.wrong.push(`window: ${popup.url()}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(addressOf(name))) watch.wrong.push(`request: ${request.url()}`);
  });
  await page.goto(addressOf(name, fragment));
  await expect(page.locator('main')).toBeVisible();
  return watch;
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// What axe finds that is serious or critical, as "rule: element".
export async function obstacles(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const results = await (globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
    }).axe.run();
    return results.violations
      .filter((one) => one.impact === 'serious' || one.impact === 'critical')
      .flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 200)}`));
  });
}
