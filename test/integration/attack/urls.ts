/** Addresses that try to make Quire ask somebody else (SSRF), wherever it takes an address. */
import { MARK, type Attack, type Ground } from './attack.ts';
import { encoded } from './places.ts';

const hosts = (port: number): string[] => [
  `127.0.0.1:${port}`,
  `localhost:${port}`,
  `LOCALHOST.:${port}`,
  `0x7f.1:${port}`,
  `0177.0.0.1:${port}`,
  `2130706433:${port}`,
  `127.1:${port}`,
  `0.0.0.0:${port}`,
  `[::1]:${port}`,
  `[::]:${port}`,
  `[::ffff:127.0.0.1]:${port}`,
  `[::ffff:7f00:1]:${port}`,
  `[64:ff9b::7f00:1]:${port}`,
  `①②⑦.⓪.⓪.①:${port}`,
  `127。0。0。1:${port}`,
  `www.goodreads.com@127.0.0.1:${port}`,
  `www.goodreads.com:x@127.0.0.1:${port}`,
  `127.0.0.1:${port}@www.goodreads.com`,
  `127.0.0.1:${port}#www.goodreads.com`,
  `127.0.0.1:${port}?www.goodreads.com`,
  `127.0.0.1:${port}\\@www.goodreads.com`,
  `www.goodreads.com\\@127.0.0.1:${port}`,
  `www.goodreads.com%00.127.0.0.1:${port}`,
  `www.goodreads.com.localhost:${port}`,
  `goodreads.com.evil.invalid`,
  `evilgoodreads.invalid`,
  `www.goodreads.com:${port}`,
  `www.goodreads.com:0`,
  `www.goodreads.com:99999`,
  `www.gооdreads.com`,
  `www.goodreads.com\u200b.localhost:${port}`,
  '169.254.169.254/latest/meta-data?',
  '169.254.169.254:80',
  '[fd00:ec2::254]',
  '100.100.100.200',
  '10.0.0.1',
  '192.168.0.1',
  '172.16.0.1',
  '224.0.0.1',
  '255.255.255.255',
];

const addresses = (port: number): string[] => [
  ...hosts(port).flatMap((host) => [`http://${host}/book/show/${port}`, `https://${host}/book/show/${port}`]),
  `//127.0.0.1:${port}/book/show/1`,
  `///127.0.0.1:${port}/book/show/1`,
  `http:127.0.0.1:${port}/book/show/1`,
  `http:/\\127.0.0.1:${port}/book/show/1`,
  `ht\ntp://127.0.0.1:${port}/book/show/1`,
  ` http://127.0.0.1:${port}/book/show/1 `,
  'file:///etc/passwd',
  `gopher://127.0.0.1:${port}/_FLUSHALL`,
  `dict://127.0.0.1:${port}/info`,
  `ftp://127.0.0.1:${port}/`,
  `ldap://127.0.0.1:${port}/`,
  `jar:http://127.0.0.1:${port}!/`,
  `data:text/html,${MARK}`,
  `javascript:${MARK}()`,
  `blob:http://127.0.0.1:${port}/`,
  `view-source:http://127.0.0.1:${port}/`,
  `unix:/var/run/docker.sock:/`,
  `https://www.goodreads.com/redirect?url=http://127.0.0.1:${port}`,
  `https://www.goodreads.com/book/show/1/../../../redirect?to=http://127.0.0.1:${port}`,
  `https://www.goodreads.com/book/show/1%2f..%2f..%2fuser`,
  `https://www.goodreads.com/book/show/1\r\nhost: 127.0.0.1:${port}`,
  `https://www.goodreads.com//127.0.0.1:${port}/book/show/1`,
  `https://www.goodreads.com/list/show/1?page=http://127.0.0.1:${port}`,
  `https://www.goodreads.com/book/isbn/http://127.0.0.1:${port}`,
  `https://www.goodreads.com/genres/..%2f..%2f..%2fuser`,
  `https://www.goodreads.com/shelf/show/@127.0.0.1:${port}`,
];

/** Whether a webhook to the address is refused without a look-up of its name: a test asks no name server. */
function needsNoLookUp(address: string): boolean {
  if (!URL.canParse(address)) return true;
  const { hostname, protocol, username } = new URL(address);
  return !/^https?:$/.test(protocol) || username !== '' || /^(localhost|[\d.]+|\[.*\])$/.test(hostname);
}

/** A list of links is answered whole. Some of these name a book after all, which is asked of the origin alone. */
export const attacksByAddress = ({ openBatchId, bookId, trapPort }: Ground): Attack[] =>
  addresses(trapPort).flatMap((address, at) => {
    const post = (where: string, path: string, body: unknown, statuses?: number[]): Attack => ({
      kind: 'ssrf',
      what: `${JSON.stringify(address)} ${where}`,
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(statuses && { statuses }),
    });
    const get = (where: string, path: string): Attack => ({
      kind: 'ssrf',
      what: `${JSON.stringify(address)} ${where}`,
      method: 'GET',
      path,
    });
    const link = `https://www.goodreads.com/book/show/${bookId}`;
    const webhooks = [
      post('as a webhook', '/webhooks', { url: address }, [400]),
      post('as a webhook of a batch', '/parse-links', { urls: [link], webhook: { url: address } }, [400]),
    ];
    const all = [
      at % 2 === 0
        ? post('as a link', '/parse-links', [address, link])
        : post('added to a batch', `/batches/${openBatchId}/links`, [address, link]),
      get('as the url of a read', `/book-info?submit=true&url=${encoded(address)}`),
    ];
    if (needsNoLookUp(address)) all.push(...webhooks.slice(at % 2, (at % 2) + 1));
    // Each of these is a request to the stand-in.
    if (at % 8 === 0) all.push(get('as a question', `/find?source=goodreads&q=${encoded(address.slice(0, 100))}`));
    return all;
  });
