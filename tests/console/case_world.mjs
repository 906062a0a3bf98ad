/** What tests of case calls share: cases, how long their calls last, who was dialled, and what the provider refuses. */
import assert from 'node:assert/strict';
import { apiAs, world } from './browser.mjs';

const prefix = '/api/v1/outbound-bot';

/** Longer than all tests, on the provider's clock, which is 60 times as fast. */
export const held = 24 * 3_600_000;
export const brief = 30_000;

async function sim(method, path, body) {
  const response = await fetch(world.sim + path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
  assert.equal(response.status, 200, `${method} ${path}`);
  return response.json();
}

export const fault = (rule) => sim('POST', '/sim/faults', [rule]);
export const clearFaults = () => sim('DELETE', '/sim/faults');

let numbers = 0;

/** Cases as this user's organisation has them. */
export const casesOf = (user) => ({
  newCase: (parties, stage) => newCaseOf(user, parties, stage),
  /** Has the parties called past the browser. */
  callParties: ({ caseId, mediationId }) => apiAs(user)('POST', `${prefix}/call-v2`, { caseId, mediationId, callAuto: 0 }),
  caseNow: (caseId) => apiAs(user)('GET', `${prefix}/cases/${caseId}`),
  caseApi: (method, path, body) => apiAs(user)(method, prefix + path, body),
});

/**
 * Registers a case; `parties`: [name, how long the provider talks with this person; null: a number that cannot be dialled].
 * Answers its id and the parties' numbers.
 */
async function newCaseOf(user, parties, stage = 14) {
  numbers += 1;
  // Unique over all files of a run.
  const caseId = `C${Date.now().toString(36)}-${numbers}`;
  const named = parties.map(([name, talkMs], n) => ({
    personId: `${caseId}-${n}`,
    name,
    phoneNumber: talkMs === null ? '123' : `137${String(Math.floor(Math.random() * 1e8)).padStart(8, '0')}`,
    personType: n % 2,
  }));
  const plans = named.map(({ phoneNumber }, n) => ({ phone: phoneNumber, outcome: 'connected', talk_ms: parties[n][1] }));
  await sim('POST', '/sim/plans', plans.filter((plan) => plan.talk_ms !== null));
  await apiAs(user)('PUT', `${prefix}/cases/${caseId}`, { mediationId: 20 + numbers, mediationType: 1, stage, parties: named });
  return { caseId, mediationId: 20 + numbers, parties: named };
}

/** How often the provider was given each party's number. */
export async function dialled({ parties }) {
  const answer = await sim('GET', '/sim/jobs?format=json&limit=100000');
  const jobs = Array.isArray(answer) ? answer : answer.jobs;
  return parties.map(({ phoneNumber }) => jobs.filter((job) => job.phone === phoneNumber).length);
}
