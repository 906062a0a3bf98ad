// Reads the exchanges that the test suites wrote (*.jsonl) and holds each against openapi.json. Fails on any fault, and
// when an operation was never seen with a 2xx answer (one that becomes a WebSocket: 101).
//   node validate.mjs openapi.json FOLDER
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Contract } from './contract.mjs';

const [description, folder] = process.argv.slice(2);
const contract = new Contract(JSON.parse(readFileSync(description, 'utf8')));
const found = new Map(); // one fault -> how often, and its first exchange
const succeeded = new Set();
let count = 0;

for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl'))) {
  for (const line of readFileSync(join(folder, file), 'utf8').split('\n').filter(Boolean)) {
    const exchange = JSON.parse(line);
    count += 1;
    const place = contract.described(exchange);
    const isSuccess = exchange.status === 101 || (exchange.status >= 200 && exchange.status < 300);
    if (isSuccess && place.operation) succeeded.add(place.name);
    for (const fault of contract.check(exchange)) {
      const key = `${fault.operation}\n  ${fault.message}\n  at ${fault.instance}, schema ${fault.schema}`;
      const known = found.get(key) ?? { times: 0, file, exchange };
      known.times += 1;
      found.set(key, known);
    }
  }
}

for (const [fault, { times, file, exchange }] of found) {
  console.log(`${fault}\n  ${times} times, first in ${file}: ${exchange.method} ${exchange.target} ${exchange.status}`);
  console.log(`  ${(exchange.body ?? '').slice(0, 400)}`);
}
// A WebSocket's success is 101, which the recorders of plain exchanges do not see.
const unseen = contract.operations.filter(({ name, operation }) => !succeeded.has(name) && !operation.responses['101']).map(({ name }) => name);
for (const name of unseen) console.log(`${name}\n  never answered with 2xx in any test`);
console.log(`${count} exchanges, ${contract.operations.length} operations, ${found.size} kinds of fault, ${unseen.length} unseen`);
process.exit(count > 0 && found.size === 0 && unseen.length === 0 ? 0 : 1);
