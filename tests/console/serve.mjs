/**
 * Serves the built console and passes /api on to a daemon, under the policy that the console promises to keep: it stands in
 * for the daemon's own serving of the page. Usage: serve.mjs DIST DAEMON_URL; prints its address.
 */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { extname, join, normalize } from 'node:path';

const [dist, daemon] = process.argv.slice(2);
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
export const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  // Recordings come from the provider's store, by signed links.
  'media-src http: https:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function passOn(incoming, outgoing) {
  const { hostname, port } = new URL(daemon);
  const onward = request(
    { hostname, port, path: incoming.url, method: incoming.method, headers: { ...incoming.headers, connection: 'close' } },
    (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    },
  );
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

function sendFile(path, outgoing) {
  const known = normalize(path).replace(/^\/+/, '');
  const file = join(dist, known);
  const found = known !== '' && !known.startsWith('..') && existsSync(file) && statSync(file).isFile();
  if (!found && extname(path)) return outgoing.writeHead(404).end();
  const sent = found ? file : join(dist, 'index.html');
  outgoing.writeHead(200, {
    'content-type': types[extname(sent)] ?? 'application/octet-stream',
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'cache-control': path.startsWith('/assets/') ? 'public,max-age=31536000,immutable' : 'no-cache',
  });
  return createReadStream(sent).pipe(outgoing);
}

const server = createServer((incoming, outgoing) => {
  const { pathname } = new URL(incoming.url, 'http://localhost');
  if (pathname.startsWith('/api/')) passOn(incoming, outgoing);
  else sendFile(decodeURIComponent(pathname), outgoing);
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
