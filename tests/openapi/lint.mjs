// Lints openapi.json: OpenAPI 3.1 by its rules, with every example held against its schema.
//   node lint.mjs openapi.json
import core from '@redocly/openapi-core';

const config = await core.createConfig({
  extends: ['recommended-strict'],
  // Events and the answers that belong to no operation are used in ways of our own; contract.test.mjs looks after them.
  rules: { 'no-unused-components': 'off' },
});
// A WebSocket's success is 101.
const upgrades = ['#/paths/~1api~1ws/get/responses'];
const problems = (await core.lint({ ref: process.argv[2], config })).filter(
  ({ ruleId, location }) => !(ruleId === 'operation-2xx-response' && upgrades.includes(location[0]?.pointer)));
for (const { severity, ruleId, message, location } of problems) {
  console.log(`${severity} ${ruleId} at ${location[0]?.pointer}\n  ${message}`);
}
console.log(`${problems.length} findings`);
process.exit(problems.length === 0 ? 0 : 1);
