/**
 * Says how big the built console is, gzip -9, and fails when what a page needs at its start is over the limit: every script
 * that index.html names. Usage: sizes.mjs [DIST].
 */
import { readdirSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

const limitKb = 500;
const dist = process.argv[2] ? pathToFileURL(`${process.argv[2]}/`) : new URL('../dist/', import.meta.url);
const html = readFileSync(new URL('index.html', dist), 'utf8');
let atStart = 0;
for (const name of readdirSync(new URL('assets/', dist)).sort()) {
  const kb = gzipSync(readFileSync(new URL(`assets/${name}`, dist)), { level: 9 }).length / 1000;
  const first = html.includes(name);
  if (first && name.endsWith('.js')) atStart += kb;
  console.log(`${kb.toFixed(1).padStart(8)} kB  ${first ? 'start' : 'later'}  ${name}`);
}
console.log(`${atStart.toFixed(1).padStart(8)} kB  scripts at the start (limit ${limitKb} kB)`);
process.exitCode = atStart > limitKb ? 1 : 0;
