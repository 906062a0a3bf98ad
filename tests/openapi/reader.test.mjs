// The page of the description, rendered into a document of a few lines: everything of openapi.json is on it.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

const source = join(dirname(process.env.WAIHU_OPENAPI), 'reader.js');
copyFileSync(source, 'reader.mjs');
const { begin, operationsOf, render, resolve } = await import(pathToFileURL('reader.mjs').href);
const api = JSON.parse(readFileSync(process.env.WAIHU_OPENAPI, 'utf8'));

/** As much of a DOM as the page uses. */
class Node {
  constructor(name, text = '') {
    Object.assign(this, { name, text, attributes: {}, children: [], hidden: false });
    this.classList = { toggle: (_, on) => { this.hidden = on; } };
  }
  setAttribute(key, value) { this.attributes[key] = value; }
  appendChild(child) { assert.ok(child instanceof Node); this.children.push(child); return child; }
  scrollIntoView() { this.isInView = true; }
  get tagName() { return this.name.toUpperCase(); }
  replaceChildren(...children) { this.children = children; }
  get textContent() { return this.text + this.children.map((child) => child.textContent).join(''); }
}
const document = { createElement: (name) => new Node(name), createTextNode: (text) => new Node('', text) };
const [main, index] = [new Node('main'), new Node('div')];
const show = render(document, api, main, index);
const part = (id) => main.children.find((child) => child.attributes.id === id);

test('every operation is there once, with its parameters, statuses and messages', () => {
  for (const { path, operation } of operationsOf(api)) {
    assert.equal(main.children.filter((child) => child.attributes.id === operation.operationId).length, 1, path);
    const text = part(operation.operationId).textContent;
    assert.ok(text.includes(path));
    for (const one of operation.parameters ?? []) assert.ok(text.includes(resolve(api, one).name), path);
    for (const [status, answer] of Object.entries(operation.responses)) {
      assert.ok(text.includes(`${status} ${resolve(api, answer).description}`), `${path} ${status}`);
    }
  }
  assert.equal(index.children.filter((child) => child.name === 'a').length, operationsOf(api).length);
});

test('members of a schema are shown through references', () => {
  for (const word of ['follow_data', 'frist_arrive_time', 'PlanedTime', 'not_started_calls']) {
    assert.ok(part('query_execution').textContent.includes(word), word);
  }
});

test('the filter leaves what contains the word', () => {
  show('FRIST_ARRIVE');
  assert.equal(part('query_execution').hidden, false);
  assert.equal(part('login').hidden, true);
  show('');
  assert.equal(part('login').hidden, false);
});

/** A page as docs.html makes it. */
function page(hash) {
  const byId = { api: new Node('main'), index: new Node('div'), filter: new Node('input') };
  byId.filter.addEventListener = (_, f) => { byId.filter.input = f; };
  const find = (node, id) => (node.attributes.id === id ? node : node.children.map((one) => find(one, id)).find(Boolean));
  return { byId, window: { location: { hash }, addEventListener() {} },
    document: { ...document, getElementById: (id) => byId[id] ?? find(byId.api, id) } };
}

test('the page reads the description from its own server, opens what the address names and filters', async () => {
  const asked = [];
  globalThis.fetch = async (url) => { asked.push(url); return { ok: true, json: async () => api }; };
  const { byId, window, document: shown } = page('#login');
  await begin(shown, window);
  assert.deepEqual(asked, ['/openapi.json']);
  const named = byId.api.children.find((child) => child.attributes.id === 'login');
  assert.ok(named.open && named.isInView);
  byId.filter.value = 'suspend-resume';
  byId.filter.input();
  assert.equal(byId.api.children.find((child) => child.attributes.id === 'health').hidden, true);
});

test('a description that cannot be read is told', async () => {
  globalThis.fetch = async () => ({ ok: false, status: 503 });
  const { byId, window, document: shown } = page('');
  await begin(shown, window);
  assert.match(byId.api.textContent, /could not be read: status 503/);
});
