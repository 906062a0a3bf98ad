// Renders /openapi.json as a page. No library, no request to anywhere else; every text goes in as text, never as HTML.

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** Follows `$ref` inside the description. */
export function resolve(api, node) {
  while (node && typeof node.$ref === 'string') {
    node = node.$ref.slice(2).split('/').reduce((at, part) => at[part.replace(/~1/g, '/').replace(/~0/g, '~')], api);
  }
  return node;
}

/** All operations in the order of the paths: {path, method, operation}. */
export function operationsOf(api) {
  return Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method] })));
}

/** Makes elements; strings become text. */
export function maker(document) {
  return function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
    for (const child of children.flat()) {
      if (child === null || child === undefined || child === '') continue;
      made.appendChild(typeof child === 'string' ? document.createTextNode(child) : child);
    }
    return made;
  };
}

/** What a schema says of a value in a few words. */
function wordsOf(schema) {
  const words = [];
  if (schema.type) words.push([schema.type].flat().join(' or ') + (schema.format ? ` (${schema.format})` : ''));
  if ('const' in schema) words.push(`= ${JSON.stringify(schema.const)}`);
  if (schema.enum) words.push(`one of ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`);
  if (schema.pattern) words.push(`pattern ${schema.pattern}`);
  const ranges = [['minimum', '≥'], ['maximum', '≤'], ['minLength', 'length ≥'], ['maxLength', 'length ≤'],
    ['minItems', 'items ≥'], ['maxItems', 'items ≤']];
  for (const [key, sign] of ranges) if (key in schema) words.push(`${sign} ${schema[key]}`);
  if ('default' in schema) words.push(`default ${JSON.stringify(schema.default)}`);
  return words.join(', ');
}

/** A schema as a nested list. `seen` ends the walk where a schema holds itself. */
function schemaList(element, api, schema, seen = []) {
  const list = element('ul', { class: 'schema' });
  const add = (label, node, isRequired) => {
    const name = node.$ref ? node.$ref.split('/').pop() : '';
    const target = { ...resolve(api, node), ...(node.$ref ? {} : node) };
    const row = element('li', {}, label && element('code', { class: isRequired ? 'required' : '' }, label), ' ',
      element('span', { class: 'quiet' }, [name, wordsOf(target)].filter(Boolean).join(' · ')));
    const said = node.description ?? target.description;
    if (said) row.appendChild(element('div', { class: 'text quiet' }, said));
    const hasMore = target.properties || target.items || target.anyOf || target.oneOf || target.allOf;
    if (hasMore && !(name && seen.includes(name))) row.appendChild(schemaList(element, api, target, name ? [...seen, name] : seen));
    list.appendChild(row);
  };
  for (const [word, text] of [['allOf', ''], ['oneOf', 'one of'], ['anyOf', 'any of']]) {
    for (const part of schema[word] ?? []) add(text, part, false);
  }
  for (const [name, part] of Object.entries(schema.properties ?? {})) add(name, part, schema.required?.includes(name));
  if (schema.items) add('[ ]', schema.items, false);
  return list;
}

function contentParts(element, api, content) {
  return Object.entries(content ?? {}).flatMap(([type, media]) => [
    element('div', { class: 'quiet' }, type),
    schemaList(element, api, { allOf: [media.schema] }),
    media.example === undefined ? null : element('pre', {},
      typeof media.example === 'string' ? media.example : JSON.stringify(media.example, null, 2)),
  ]);
}

/** One operation as a <details>. */
export function operationPart(document, api, { path, method, operation }) {
  const element = maker(document);
  const part = element('details', { id: operation.operationId }, element('summary', {},
    element('span', { class: 'method' }, method.toUpperCase()), element('code', {}, path), ' ', operation.summary,
    element('span', { class: 'access' }, operation['x-access'] ?? '')));
  if (operation.description) part.appendChild(element('p', { class: 'text' }, operation.description));
  if (operation.parameters?.length) {
    part.appendChild(element('h4', {}, 'Parameters'));
    const list = element('ul', { class: 'schema' });
    for (const one of operation.parameters.map((p) => resolve(api, p))) {
      list.appendChild(element('li', {}, element('code', { class: one.required ? 'required' : '' }, one.name), ' ',
        element('span', { class: 'quiet' }, `in ${one.in} · ${wordsOf(resolve(api, one.schema))}`),
        one.description ? element('div', { class: 'text quiet' }, one.description) : null));
    }
    part.appendChild(list);
  }
  if (operation.requestBody) {
    part.appendChild(element('h4', {}, 'Body'));
    const body = resolve(api, operation.requestBody);
    if (body.description) part.appendChild(element('p', { class: 'text' }, body.description));
    for (const one of contentParts(element, api, body.content)) if (one) part.appendChild(one);
  }
  part.appendChild(element('h4', {}, 'Answers'));
  for (const [status, given] of Object.entries(operation.responses)) {
    const answer = resolve(api, given);
    part.appendChild(element('details', {}, element('summary', {}, element('code', {}, status), ' ', answer.description),
      contentParts(element, api, answer.content)));
  }
  return part;
}

/** Fills `main` and `index`; answers a function that shows only what contains a word. */
export function render(document, api, main, index) {
  const element = maker(document);
  main.replaceChildren(element('h1', {}, `${api.info.title} API ${api.info.version}`),
    element('p', { class: 'text' }, api.info.description));
  index.replaceChildren();
  const shown = [];
  for (const tag of api.tags) {
    const here = operationsOf(api).filter(({ operation }) => operation.tags.includes(tag.name));
    const heading = element('h2', {}, tag.name);
    main.appendChild(element('section', {}, heading, element('p', { class: 'quiet' }, tag.description)));
    index.appendChild(element('h2', {}, tag.name));
    for (const one of here) {
      const part = operationPart(document, api, one);
      const link = element('a', { href: `#${one.operation.operationId}` }, `${one.method.toUpperCase()} ${one.path}`);
      main.appendChild(part);
      index.appendChild(link);
      shown.push({ part, link, text: part.textContent.toLowerCase() });
    }
  }
  return (word) => {
    for (const { part, link, text } of shown) {
      const isHidden = !text.includes(word.trim().toLowerCase());
      for (const node of [part, link]) node.classList.toggle('hidden', isHidden);
    }
  };
}

/** Opens the operation that the address names. */
function openNamed(document, hash) {
  const part = document.getElementById(decodeURIComponent(hash.slice(1)));
  if (part?.tagName === 'DETAILS') part.open = true;
  part?.scrollIntoView();
}

/** Reads the description and fills the page; tells on the page when that fails. */
export async function begin(document, window) {
  const main = document.getElementById('api');
  try {
    const answer = await fetch('/openapi.json');
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const show = render(document, await answer.json(), main, document.getElementById('index'));
    const filter = document.getElementById('filter');
    filter.addEventListener('input', () => show(filter.value));
    window.addEventListener('hashchange', () => openNamed(document, window.location.hash));
    if (window.location.hash) openNamed(document, window.location.hash);
  } catch (error) {
    main.replaceChildren(document.createTextNode(`The description could not be read: ${error.message}`));
  }
}

if (typeof document !== 'undefined') begin(document, window);
