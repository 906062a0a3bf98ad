// Sends seeded requests, valid and invalid, over every operation of openapi.json to a running daemon and holds every
// answer against the description. Started by fuzz.py, which makes the daemon and looks after it.
//   node fuzz.mjs openapi.json SETTINGS.json     settings: {port, seed, requests, patience_ms, tokens, pool, unspent}
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { Contract } from './contract.mjs';
import { Generator, randomOf } from './generate.mjs';

const [description, settingsFile] = process.argv.slice(2);
const { port, seed, requests, patience_ms: patience, tokens, pool, unspent } = JSON.parse(readFileSync(settingsFile, 'utf8'));
const contract = new Contract(JSON.parse(readFileSync(description, 'utf8')));
const random = randomOf(seed);
const generator = new Generator(contract, random, pool);
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
const LANES = 6;
const TICK_MS = 200;
/** Operations that change for whom the caller acts: only somebody whom nothing else relies on sends them. */
const BINDING = ['verify_dcc_user', 'associate_dcc_user', 'disassociate_dcc_user'];
/** How often beside the others: password hashes and whole listings cost much, new rows make every later one slower. */
const WEIGHTS = { associate_dcc_user: 3, login: 0.05, register_user: 0.03, verify_dcc_user: 0.6, create_dcc_user: 0.1, create_organization: 0.3, import_leads: 1.5, create_task: 0.4, whole_tasks: 0.2,
  create_scene: 0.5, event_stream: 0.4, event_socket: 0.4, start_task: 0.6, front_page: 0.1, api_description: 0.1, api_page: 0.1,
  api_page_script: 0.1, api_page_style: 0.1, health: 0.3 };
const LONGEST_POOL = 200;
const weights = contract.operations.map(({ operation }) => WEIGHTS[operation.operationId] ?? 1);
const total = weights.reduce((a, b) => a + b, 0);

const faults = [];
const seen = new Map(); // operation -> status -> how often
let slowest = { ms: 0 };

function pickOperation() {
  let at = random.next() * total;
  return contract.operations.find((_, i) => (at -= weights[i]) < 0) ?? contract.operations.at(-1);
}

/** A table to import and its multipart body. */
function form() {
  const head = random.pick(['leads_id,leads_user_name,leads_user_phone,leads_type', 'leads_id,leads_user_phone', 'leads_user_name', '']);
  const cell = () => random.pick([`F${random.below(500)}`, '13800000001', 'abc', '', 'A', '"', '外呼', '\u0000', 'x'.repeat(200)]);
  const rows = Array.from({ length: random.below(4) }, () => head.split(',').map(cell).join(','));
  const boundary = random.pick(['b', 'x'.repeat(201), 'a b']);
  const name = random.pick(['leads.csv', 'leads.csv', 'leads.xlsx', 'leads.xls', 'leads.txt', '']);
  const field = random.chance(0.9) ? 'file' : 'datei';
  const end = random.chance(0.95) ? `\r\n--${boundary}--\r\n` : '';
  return { type: `multipart/form-data; boundary="${boundary}"`,
    body: `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\n\r\n${[head, ...rows].join('\n')}${end}` };
}

function queryOf(one, plan) {
  const parts = [];
  for (const given of one.operation.parameters ?? []) {
    const [parameter] = contract.resolve(given, '');
    if (parameter.in !== 'query' || (!parameter.required && random.chance(0.6))) continue;
    let value = generator.valid(parameter.schema, parameter.name);
    if (plan.spoilsQuery && random.chance(0.5)) value = generator.evil();
    parts.push(`${parameter.name}=${encodeURIComponent(typeof value === 'string' ? value.toWellFormed?.() ?? value : JSON.stringify(value))}`);
  }
  if (plan.spoilsQuery && random.chance(0.1)) parts.push(random.pick(['%', '%zz', '%ff%fe', '=', '&&', 'a=%00', 'page', 'page=%31']));
  if (plan.spoilsQuery && random.chance(0.02)) parts.push(...Array.from({ length: 120 }, (_, i) => `p${i}=1`));
  return parts.length > 0 ? `?${parts.join('&')}` : '';
}

function pathOf(one, plan) {
  const schemaOf = (name) => (one.operation.parameters ?? []).map((given) => contract.resolve(given, '')[0])
    .find((parameter) => parameter.in === 'path' && parameter.name === name)?.schema ?? {};
  const part = (name) => generator.known(name) ?? (contract.resolve(schemaOf(name), '')[0].type === 'integer' ? 1 + random.below(50) : 'script_x');
  let path = one.path.replace(/\{([^}]*)\}/g, (_, name) => encodeURIComponent(String(part(name))));
  if (plan.spoilsPath) path = random.pick([`${path}/`, `${path}//`, `${path}/x`, path.toUpperCase(), path.replace('a', '%61'), `${path}%00`, `/${path}`, `${path}%zz`]);
  return path;
}

function addBody(one, plan, request) {
  const content = one.operation.requestBody?.content;
  if (!content) return;
  if (content['multipart/form-data']) {
    const { type, body } = form();
    Object.assign(request, { body, loose: true });
    request.headers['content-type'] = type;
  } else {
    let value = generator.valid(content['application/json'].schema);
    if (plan.spoilsBody) value = generator.spoil(value);
    // No schema says that no two parties have the same id.
    if (one.operation.operationId === 'put_case') request.loose = true;
    request.body = JSON.stringify(value);
    if (plan.breaksText) request.body = generator.brokenText(request.body);
    if (random.chance(0.9)) request.headers['content-type'] = random.pick(['application/json', 'application/json; charset=utf-8', 'Application/JSON']);
  }
  if (plan.wrongType) request.headers['content-type'] = random.pick(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '', 'application/jsonx']);
  if (plan.tooLong) request.body = Buffer.alloc((1 << 20) + 1, 0x20);
}

/** One request with what is known of its answer: `valid` = nothing is wrong with it. */
function makeRequest(one) {
  const plan = { spoilsBody: random.chance(0.35), breaksText: random.chance(0.06), wrongType: random.chance(0.02),
    spoilsQuery: random.chance(0.3), spoilsPath: random.chance(0.03), otherMethod: random.chance(0.04),
    otherToken: random.chance(0.12), tooLong: random.chance(0.002) };
  const request = { one, headers: {}, method: one.method.toUpperCase(), loose: false };
  request.target = pathOf(one, plan) + queryOf(one, plan);
  addBody(one, plan, request);
  request.who = plan.otherToken ? random.pick(Object.keys(tokens).filter((who) => who !== 'wanderer')) : one.operation['x-access'] === 'admin' ? 'admin' : 'operator';
  if (BINDING.includes(one.operation.operationId)) request.who = random.chance(0.95) ? 'wanderer' : 'none';
  if (request.who !== 'none') {
    const name = random.chance(0.7) ? 'access-token' : 'authorization';
    request.headers[name] = (name === 'authorization' || random.chance(0.5) ? 'Bearer ' : '') + tokens[request.who];
  }
  if (one.operation.responses['101'] && random.chance(0.7)) {
    Object.assign(request.headers, { connection: 'Upgrade', upgrade: 'websocket',
      'sec-websocket-version': random.chance(0.9) ? '13' : '8', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' });
  }
  if (plan.otherMethod) request.method = random.pick(['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'GET', 'POST', 'TRACE']);
  for (const given of one.operation.parameters ?? []) {
    const [parameter] = contract.resolve(given, '');
    if (parameter.in === 'header' && random.chance(0.3)) {
      request.headers[parameter.name] = random.pick(['k1', 'k2', '0', '*', '"x"', 'k'.repeat(300), String(random.below(1000))]);
      request.loose = true;
    }
  }
  if (random.chance(0.1)) request.headers['x-request-id'] = random.pick(['abc-1', 'a b', 'x'.repeat(70), '<x>']);
  if (random.chance(0.003)) for (let i = 0; i < 110; i += 1) request.headers[`x-${i}`] = '1';
  request.plain = !Object.values(plan).some(Boolean) && !request.loose && Object.keys(request.headers).length < 100;
  return request;
}

/** Sends; answers the exchange, or an error. A stream is left after its first bytes. */
function send({ method, target, headers, body }) {
  return new Promise((resolve) => {
    const begin = performance.now();
    const end = (result) => resolve({ ...result, ms: performance.now() - begin });
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    let sent;
    try {
      sent = http.request({ port, host: '127.0.0.1', method, path: target, agent, headers: { ...headers, ...length } });
    } catch (error) {
      end({ unsent: error.message });
      return;
    }
    // Counted in ticks of our own running time: a machine that stands still for a while stops both sides.
    let ticks = patience / TICK_MS;
    const timer = setInterval(() => {
      ticks -= 1;
      if (ticks > 0) return;
      clearInterval(timer);
      sent.destroy();
      end({ error: `no answer within ${patience} ms` });
    }, TICK_MS);
    sent.on('error', (error) => { clearInterval(timer); end({ error: error.message }); });
    sent.on('upgrade', (answer, socket) => {
      clearInterval(timer);
      socket.destroy();
      end({ status: answer.statusCode, headers: answer.headers, body: '' });
    });
    sent.on('response', (answer) => {
      const pieces = [];
      const finish = () => {
        clearInterval(timer);
        end({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(pieces).toString('utf8') });
      };
      const isStream = answer.headers['content-type']?.startsWith('text/event-stream');
      answer.on('data', (piece) => {
        pieces.push(piece);
        if (isStream) { finish(); sent.destroy(); }
      });
      answer.on('end', finish);
      answer.on('error', () => isStream || (clearInterval(timer), end({ error: 'the answer was cut' })));
    });
    sent.end(body);
  });
}

/** Remembers ids, so that later requests reach what exists. */
function learn(request, json) {
  if (json?.status !== 'success' || request.who === 'foreign' || typeof json.data !== 'object') return;
  const add = (name, value) => {
    if (!value) return;
    const known = (pool[name] ??= []);
    if (known.length < LONGEST_POOL) known.push(value);
    else known[random.below(LONGEST_POOL)] = value;
  };
  for (const name of ['task_id', 'job_group_id', 'script_id', 'run_id']) add(name, json.data[name]);
  for (const job of json.data.jobs_data ?? []) add('call_job_id', job.JobId);
  for (const name of ['caseId', 'mediationId']) add(name, json.data.parties && json.data[name]);
  add('caseRef', json.data.parties && json.data.caseId);
  for (const party of json.data.parties ?? []) for (const name of ['personId', 'callPersonId']) add(name, party.personId);
  for (const entry of [json.data].flat()) add('jobId', entry.jobId);
}

function judge(request, answer) {
  const { one, method, target } = request;
  const told = (message) => faults.push({ message: `${method} ${target.slice(0, 200)} as ${request.who}: ${message}`,
    body: String(request.body ?? '').slice(0, 300), answer: (answer.body ?? '').slice(0, 300) });
  if (answer.unsent) return;
  if (answer.error) { told(answer.error); return; }
  const exchange = { readable: true, method, target, status: answer.status, headers: answer.headers, body: answer.body };
  if (typeof request.body === 'string') exchange.request_body = request.body;
  for (const { message, instance, schema } of contract.check(exchange)) told(`${message} at ${instance} (${schema})`);
  const counts = seen.get(one.name) ?? new Map();
  seen.set(one.name, counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1));
  let json;
  try { json = JSON.parse(answer.body); } catch { json = undefined; }
  if (answer.status === 500 && json?.code === 1002) told('a defect inside');
  if (request.plain && [413, 415, 422, 431].includes(answer.status)) told(`a valid request is answered ${answer.status}`);
  const refused = { none: 401, expired: 401, forged: 401, unbound: 400, viewer: 403 }[request.who];
  const access = one.operation['x-access'];
  const succeeded = answer.status < 300 && json?.status === 'success' && method === one.method.toUpperCase();
  if (succeeded && refused && access !== 'open' && !(access === 'token' && refused !== 401)
      && !(request.who === 'viewer' && access === 'reader') && !(request.who === 'unbound' && access === 'admin')) {
    told(`taken though it should be refused with ${refused}`);
  }
  const own = json?.data?.task_id;
  if (succeeded && request.who === 'foreign' && own && pool.task_id?.includes(own)) told('another organisation\'s task is shown');
  learn(request, json);
}

let left = requests;
async function exchange(request) {
  const answer = await send(request);
  if (answer.ms > slowest.ms) slowest = { ms: answer.ms, what: `${request.method} ${request.target.slice(0, 100)}` };
  judge(request, answer);
  if (faults.length > 50) left = 0;
}
async function lane() {
  while (left > 0) {
    left -= 1;
    await exchange(makeRequest(pickOperation()));
  }
}
const succeeded = (name) => [...(seen.get(name) ?? new Map()).keys()].some((status) => status < 300);
let fresh = 0;
/** Calls somebody new; from then on the ids are those of that call, which has hardly begun. */
async function callSomebody() {
  fresh += 1;
  const at = '/api/v1/outbound-bot';
  const party = { personId: 'P1', phoneNumber: `137${String(fresh).padStart(8, '0')}`, personType: 0 };
  const order = (operationId, target, body) => {
    const one = contract.operations.find(({ operation }) => operation.operationId === operationId);
    return exchange({ one, method: one.method.toUpperCase(), target: at + target, who: 'operator', plain: true, body: JSON.stringify(body),
      headers: { 'access-token': tokens.operator, 'content-type': 'application/json' } });
  };
  await order('put_case', `/cases/fresh-${fresh}`, { mediationId: 1, mediationType: 1, stage: 14, parties: [party] });
  await order('call_person', '/call', { caseRef: `fresh-${fresh}`, personId: 'P1', mediationStage: 14 });
  Object.assign(generator.pool, { jobId: pool.jobId?.slice(-1), caseRef: [`fresh-${fresh}`], phoneNumber: [party.phoneNumber] });
}
/** Starts a task that chance has not used; from then on it is the only one that is asked about, while it is calling. */
async function startSomething() {
  const task = unspent.pop();
  if (!task) return;
  const one = contract.operations.find(({ operation }) => operation.operationId === 'start_task');
  await exchange({ one, method: 'POST', target: one.path, who: 'operator', plain: true, body: JSON.stringify({ task_id: task }),
    headers: { 'access-token': tokens.operator, 'content-type': 'application/json' } });
  generator.pool = { ...generator.pool, task_id: [task] };
}
/** What chance has met too seldom is asked on until it succeeds once, or evidently cannot: with the organisation's calling
    switched on, which chance may have left off, and with ids that chance has not used up. */
async function askOn() {
  const MOST = 80;
  const toSwitch = contract.operations.find(({ operation }) => operation.operationId === 'switch_auto_task');
  await exchange({ one: toSwitch, method: 'POST', target: toSwitch.path, who: 'operator', plain: true, body: '{"action":"start"}',
    headers: { 'access-token': tokens.operator, 'content-type': 'application/json' } });
  generator.pool = { ...pool, task_id: [...pool.task_id.slice(0, 4), ...unspent] };
  for (const one of contract.operations)
    for (let i = 0; i < MOST && !succeeded(one.name) && faults.length <= 50; ++i) {
      if (one.operation.parameters?.some(({ name }) => name === 'jobId')) await callSomebody();
      if (one.operation.operationId === 'suspend_or_resume_task' && i % 8 === 0) await startSomething();
      await exchange(makeRequest(one));
    }
}

const begin = performance.now();
await Promise.all(Array.from({ length: LANES }, lane));
await askOn();
agent.destroy();

const statuses = new Map();
for (const counts of seen.values()) for (const [status, n] of counts) statuses.set(status, (statuses.get(status) ?? 0) + n);
const sum = [...statuses.values()].reduce((a, b) => a + b, 0);
console.log(`seed ${seed}: ${sum} answers in ${((performance.now() - begin) / 1000).toFixed(1)} s, slowest ${slowest.ms.toFixed(0)} ms (${slowest.what})`);
console.log([...statuses].sort().map(([status, n]) => `${status}: ${n}`).join(', '));
for (const { name } of contract.operations) {
  const counts = seen.get(name) ?? new Map();
  if (process.env.WAIHU_FUZZ_VERBOSE) console.log(`  ${name}  ${[...counts].sort().map(([status, n]) => `${status}:${n}`).join(' ')}`);
  if (!succeeded(name)) faults.push({ message: `${name} was never answered with 2xx` });
}
if ((statuses.get(503) ?? 0) > sum / 50) faults.push({ message: `${statuses.get(503)} of ${sum} answers are 503` });
for (const { message, body, answer } of faults.slice(0, 20)) console.log(`FAULT ${message}\n  sent ${body}\n  got ${answer}`);
console.log(`${faults.length} faults`);
process.exit(faults.length === 0 ? 0 : 1);
