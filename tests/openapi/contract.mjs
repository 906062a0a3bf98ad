// Holds one HTTP exchange against openapi.json: is the path described, the status, the content type, the body by its
// schema (JSON Schema 2020-12), the headers, the message of its code. Knows no files and no network.
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
/** Answers that a connection gives before it looks for a route. */
const BEFORE_ROUTES = { 400: 'BadRequest', 413: 'TooLarge', 431: 'HeadTooLarge', 503: 'Unavailable' };

const escaped = (part) => encodeURIComponent(part.replace(/~/g, '~0').replace(/\//g, '~1'));
export const pointer = (...parts) => parts.map((part) => `/${escaped(String(part))}`).join('');
const mediaType = (text) => (text ?? '').split(';')[0].trim().toLowerCase();

/** What stands between the slashes of a request target's path, each decoded by itself; null when it cannot be read. */
export function partsOf(target) {
  let path = target.replace(/^https?:\/\/[^/?#]*/, '') || '/';
  if (path === '*') path = '/';
  path = path.split('#')[0].split('?')[0];
  if (!path.startsWith('/')) return null;
  try {
    const parts = path.slice(1).split('/').map(decodeURIComponent);
    return parts.length > 1 && parts.at(-1) === '' ? parts.slice(0, -1) : parts;
  } catch {
    return null;
  }
}

const isName = (part) => part.length > 2 && part.startsWith('{');

/** Codes and their messages out of a description: `4001 「…」 「…」. 4002 「…」.`, … standing for anything. */
export function messagesOf(description) {
  const found = new Map();
  for (const [, code, texts] of description.matchAll(/(\d{3,4})((?: 「[^」]*」)+)/g)) {
    const patterns = [...texts.matchAll(/「([^」]*)」/g)].map(([, text]) =>
      new RegExp(`^${text.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 's'));
    found.set(Number(code), patterns);
  }
  return found;
}

export class Contract {
  constructor(api) {
    this.api = api;
    this.ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
    this.ajv.addSchema(api, 'api');
    this.operations = [];
    for (const [path, item] of Object.entries(api.paths)) {
      const parts = path.slice(1).split('/');
      for (const method of METHODS.filter((one) => item[one])) {
        this.operations.push({ path, method, parts, operation: item[method], name: `${method.toUpperCase()} ${path}` });
      }
    }
  }

  /** A `$ref` or the thing itself, as [value, where it is]. */
  resolve(value, where) {
    while (value?.$ref) {
      where = value.$ref.slice(1);
      value = where.split('/').slice(1).reduce((at, part) => at[part.replace(/~1/g, '/').replace(/~0/g, '~')], this.api);
    }
    return [value, where];
  }

  validator(where) {
    const found = this.ajv.getSchema(`api#${where}`);
    if (!found) throw new Error(`no schema at ${where}`);
    return found;
  }

  /** What is wrong with a value by the schema there: [{instance, schema, message}]. */
  faults(where, value) {
    const validate = this.validator(where);
    if (validate(value)) return [];
    return validate.errors.map((e) => ({ instance: e.instancePath || '/', schema: e.schemaPath,
      message: `${e.message}${e.params?.additionalProperty ? `: ${e.params.additionalProperty}` : ''}` }));
  }

  /** The operations of a path, those without names in it first, as the daemon looks for them. */
  at(parts) {
    if (parts === null) return [];
    return this.operations
      .filter((one) => one.parts.length === parts.length
        && one.parts.every((part, i) => part === parts[i] || (isName(part) && parts[i] !== '')))
      .sort((a, b) => a.parts.some(isName) - b.parts.some(isName));
  }

  /** Where an answer is described: {name, answer, where, operation}, or a text that says why nowhere. */
  described({ readable, method, target, status }) {
    const component = (name) => {
      const where = `/components/responses/${name}`;
      return { name: `${method} ${target.split('?')[0]}`, answer: this.api.components.responses[name], where };
    };
    const here = this.at(readable ? partsOf(target) : null);
    const served = method === 'HEAD' ? 'GET' : method;
    const one = here.find((candidate) => candidate.method.toUpperCase() === served);
    if (one) {
      const given = one.operation.responses[status];
      if (!given) return `status ${status} is not described`;
      const [answer, where] = this.resolve(given, pointer('paths', one.path, one.method, 'responses', status));
      return { name: one.name, answer, where, operation: one };
    }
    if (BEFORE_ROUTES[status]) return component(BEFORE_ROUTES[status]);
    if (here.length > 0 && status === 405) return component('MethodNotAllowed');
    if (here.length === 0 && readable && status === 404) return component('UnknownPath');
    return `status ${status} of ${here.length > 0 ? 'a method that is not served' : 'an unknown path'}`;
  }

  /** Everything wrong with an exchange: [{operation, instance, schema, message}]. `body` undefined: not looked at. */
  check(exchange) {
    const { method, status, headers, target, body } = exchange;
    const fault = (operation, message, instance = '/', schema = '') => ({ operation, instance, schema, message });
    const plainName = `${method} ${target.split('?')[0]}`;
    if (method === 'OPTIONS' && status === 204) {
      return headers.allow && this.at(partsOf(target)).length > 0 ? [] : [fault(plainName, '204 without Allow, or for no path')];
    }
    const place = this.described(exchange);
    if (typeof place === 'string') return [fault(plainName, place)];
    const faults = [];
    const add = (message, instance, schema) => faults.push(fault(place.name, message, instance, schema));
    this.checkHeaders(place, headers, add);
    const contents = place.answer.content ?? {};
    const type = Object.keys(contents).find((one) => mediaType(one) === mediaType(headers['content-type']));
    if (!type && (Object.keys(contents).length > 0 || headers['content-type'])) {
      add(`status ${status}: content type ${headers['content-type']} is not described`);
    } else if (type && method !== 'HEAD' && body !== undefined) {
      this.checkBody(place, type, exchange, add);
    }
    return faults;
  }

  checkHeaders(place, headers, add) {
    for (const [name, given] of Object.entries(place.answer.headers ?? {})) {
      const [header, where] = this.resolve(given, `${place.where}${pointer('headers', name)}`);
      const text = headers[name.toLowerCase()];
      if (text === undefined) {
        add(`header ${name} is missing`);
        continue;
      }
      const value = header.schema.type === 'integer' ? Number(text) : text;
      for (const { message, schema } of this.faults(`${where}/schema`, value)) add(`header ${name}: ${message}`, '/', schema);
    }
  }

  checkBody(place, type, exchange, add) {
    const where = `${place.where}${pointer('content', type, 'schema')}`;
    if (mediaType(type) === 'text/event-stream') return this.checkStream(exchange.body, add);
    if (mediaType(type) !== 'application/json') return undefined;
    let json;
    try {
      json = JSON.parse(exchange.body);
    } catch {
      return add('the body is no JSON');
    }
    for (const { instance, schema, message } of this.faults(where, json)) {
      add(`status ${exchange.status}: ${message}`, instance, schema);
    }
    if (json.code === undefined) return undefined;
    const patterns = messagesOf(place.answer.description).get(json.code);
    if (!patterns) add(`code ${json.code} is not in the description of ${exchange.status}`, '/code');
    else if (!patterns.some((one) => one.test(json.message))) {
      add(`message of code ${json.code} is not in the description of ${exchange.status}: ${json.message}`, '/message');
    }
    if (json.detail) {
      for (const name of ['status', 'code', 'message']) {
        if (json.detail[name] !== json[name]) add(`detail.${name} differs from ${name}`, `/detail/${name}`);
      }
      if (json.request_id !== exchange.headers['x-request-id']) add('request_id is not X-Request-Id', '/request_id');
    }
    if (json.status === 'success') this.checkRequired(place.operation, exchange, add);
    return undefined;
  }

  /** A success needs the body that the description requires. */
  checkRequired(operation, exchange, add) {
    const schema = operation?.operation.requestBody?.content['application/json']?.schema;
    const required = schema && this.resolve(schema)[0].required;
    if (!required || exchange.request_body === undefined) return;
    try {
      JSON.parse(exchange.request_body.replace(/^\uFEFF/, '') || '{}');
    } catch {
      add('a body that is no JSON was taken');
    }
    // Looked for in the text: of a member that is there twice, JSON.parse keeps the other one than the daemon.
    for (const name of required) {
      if (!new RegExp(`"${name}"\\s*:\\s*(?!null|\\s)`).test(exchange.request_body)) add(`taken without ${name}`, `/${name}`);
    }
  }

  /** Server-Sent Events: every message is an Event, or the error that ends the stream. */
  checkStream(text, add) {
    const messages = text.split('\n\n').slice(0, -1);
    for (const message of messages) {
      const fields = message.split('\n').filter((line) => !line.startsWith(':')).map((line) => line.split(/: (.*)/s));
      const data = fields.find(([name]) => name === 'data')?.[1];
      if (data === undefined) continue;
      const kind = fields.find(([name]) => name === 'event')?.[1] === 'error' ? 'StreamEnd' : 'Event';
      for (const { instance, schema, message: said } of this.faults(pointer('components', 'schemas', kind), JSON.parse(data))) {
        add(`${kind}: ${said}`, instance, schema);
      }
    }
  }
}
