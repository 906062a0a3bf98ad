// The contract checker itself: it must see what is wrong. And what the linter cannot know of openapi.json.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { Contract, messagesOf, partsOf } from './contract.mjs';

const text = readFileSync(process.env.WAIHU_OPENAPI, 'utf8');
const api = () => JSON.parse(text);
const id = { 'x-request-id': 'r1', 'content-type': 'application/json; charset=utf-8' };
const updated = { readable: true, method: 'POST', target: '/api/update-script-id', status: 200, headers: id,
  request_body: '{"task_id":"12","script_id":"s"}',
  body: '{"status":"success","code":200,"message":"脚本ID更新成功","data":{"task_id":12,"script_id":"s","task_name":"a"}}' };
const refused = { ...updated, status: 404,
  body: '{"status":"error","code":4004,"message":"任务不存在或无权限访问","data":{},'
    + '"detail":{"status":"error","code":4004,"message":"任务不存在或无权限访问"},"request_id":"r1"}' };
const faultsOf = (change, exchange = updated, description = api()) =>
  new Contract(description).check({ ...exchange, ...change }).map(({ message }) => message).join('\n');

test('what the handlers answer is found right', () => {
  assert.equal(faultsOf({}), '');
  assert.equal(faultsOf({}, refused), '');
  assert.equal(faultsOf({ method: 'OPTIONS', status: 204, headers: { allow: 'POST, OPTIONS' }, body: '' }), '');
});

test('a member that the description does not know is found', () => {
  const planted = api();
  const data = planted.paths['/api/update-script-id'].post.responses['200'].content['application/json'].schema.properties.data;
  delete data.properties.task_name;
  data.required = data.required.filter((name) => name !== 'task_name');
  const [fault] = new Contract(planted).check(updated);
  assert.match(fault.message, /must NOT have additional properties: task_name/);
  assert.equal(fault.operation, 'POST /api/update-script-id');
  assert.equal(fault.instance, '/data');
  assert.match(fault.schema, /additionalProperties/);
});

test('a missing member, a wrong type, an unknown code, message, status or type are found', () => {
  assert.match(faultsOf({ body: updated.body.replace(',"task_name":"a"', '') }), /required property 'task_name'/);
  assert.match(faultsOf({ body: updated.body.replace('12', '"12"') }), /must be integer/);
  assert.match(faultsOf({ body: refused.body.replaceAll('4004', '4006') }, refused), /must be equal to constant/);
  assert.match(faultsOf({ body: refused.body.replaceAll('任务不存在', '没有任务') }, refused), /is not in the description/);
  assert.match(faultsOf({ status: 418 }), /status 418 is not described/);
  assert.match(faultsOf({ headers: { ...id, 'content-type': 'text/plain' } }), /content type/);
  assert.match(faultsOf({ target: '/api/nothing' }), /unknown path/);
});

test('a detail that differs, a foreign request id, a missing header are found', () => {
  assert.match(faultsOf({ body: refused.body.replace('"detail":{"status":"error","code":4004', '"detail":{"status":"error","code":4005') }, refused), /detail.code/);
  assert.match(faultsOf({ body: refused.body.replace('"r1"', '"r2"') }, refused), /request_id/);
  assert.match(faultsOf({ headers: { 'content-type': 'application/json' } }), /X-Request-Id is missing/);
});

test('a success without what the body requires is found', () => {
  assert.match(faultsOf({ request_body: '{"task_id":12}' }), /taken without script_id/);
  assert.match(faultsOf({ request_body: '{"task_id":12,"script_id":null}' }), /taken without script_id/);
  assert.match(faultsOf({ request_body: '{"task_id":12,"script_id":"s"' }), /no JSON/);
  assert.equal(faultsOf({ request_body: '{"task_id" : 12, "task_id":null,"script_id":"s"}' }), '');
});

test('paths are read as the daemon reads them', () => {
  assert.deepEqual(partsOf('/api/%74asks/?page=1#x'), ['api', 'tasks']);
  assert.deepEqual(partsOf('http://h/api/a%2Fb'), ['api', 'a/b']);
  assert.equal(partsOf('/%zz'), null);
  assert.deepEqual(new Contract(api()).at(partsOf('/api/scenes/x')).map(({ path }) => path), ['/api/scenes/{script_id}']);
  assert.deepEqual(new Contract(api()).at(partsOf('/api/scenes/')).map(({ path }) => path), ['/api/scenes']);
});

test('messages of a description: codes in order, … for anything', () => {
  const found = messagesOf('Intro 400. 1003 「a」 「b: …」. 4001 「c」.');
  assert.deepEqual([...found.keys()], [1003, 4001]);
  assert.ok(found.get(1003)[1].test('b: x'));
  assert.ok(!found.get(1003)[0].test('ab'));
});

test('no loose components', () => {
  const used = text + '"#/components/responses/UnknownPath" "#/components/responses/MethodNotAllowed"';
  for (const kind of ['schemas', 'responses', 'parameters', 'headers']) {
    for (const name of Object.keys(api().components[kind])) {
      assert.ok(used.includes(`"#/components/${kind}/${name}"`), `${kind}/${name} is used by nothing`);
    }
  }
});

test('answers are closed: no schema of an object in an answer takes members that it does not name', () => {
  const description = api();
  const contract = new Contract(description);
  const open = [];
  const walk = (schema, where, isClosed) => {
    const [s, place] = contract.resolve(schema, where);
    if (open.includes(place)) return;
    const closed = isClosed || s.additionalProperties === false || (s.allOf ?? []).some((part) => contract.resolve(part)[0].additionalProperties === false
      || (contract.resolve(part)[0].allOf ?? []).length > 0);
    if (s.type === 'object' && !closed) open.push(place);
    for (const [name, part] of Object.entries(s.properties ?? {})) walk(part, `${place}/properties/${name}`, false);
    for (const word of ['allOf', 'oneOf', 'anyOf']) (s[word] ?? []).forEach((part, i) => walk(part, `${place}/${word}/${i}`, closed && word === 'allOf'));
    if (s.items) walk(s.items, `${place}/items`, false);
  };
  for (const { path, method, operation } of contract.operations) {
    for (const [status, given] of Object.entries(operation.responses)) {
      const [answer] = contract.resolve(given, '');
      for (const media of Object.values(answer.content ?? {})) walk(media.schema, `${method} ${path} ${status}`, false);
    }
  }
  // Failure's data is closed by whoever uses it; SizeDesc is an echo; the description describes itself by OpenAPI.
  assert.deepEqual([...new Set(open)].sort(), ['/components/schemas/Failure/properties/data', '/components/schemas/SizeDesc',
    'get /openapi.json 200'].sort());
});
