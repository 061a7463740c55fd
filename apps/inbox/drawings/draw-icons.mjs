/** Draws the PNG icons from the SVG drawings with a local Chromium: `node apps/inbox/drawings/draw-icons.mjs [chromium]`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const here = (path) => new URL(path, import.meta.url);
const ICONS = [
  ['../public/icons/icon.svg', '../public/icons/icon-192.png', 192],
  ['../public/icons/icon.svg', '../public/icons/icon-512.png', 512],
  ['./maskable.svg', '../public/icons/icon-180.png', 180],
  ['./maskable.svg', '../public/icons/maskable-512.png', 512],
  ['./badge.svg', '../public/icons/badge-96.png', 96],
];

const executablePath = process.argv[2] ?? '/usr/bin/chromium';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
const page = await browser.newPage();
for (const [drawing, icon, side] of ICONS) {
  const svg = readFileSync(here(drawing)).toString('base64');
  await page.setViewportSize({ width: side, height: side });
  await page.setContent(
    `<body style="margin:0"><img width="${side}" height="${side}" style="display:block" src="data:image/svg+xml;base64,${svg}">`,
  );
  writeFileSync(here(icon), await page.screenshot({ omitBackground: true }));
}
await browser.close();
