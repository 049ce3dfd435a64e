import { describe, expect, it } from 'vitest';
import { createTargetGuard, type Resolve } from '../../../src/webhooks/sending/target-guard.ts';
import { isLoopbackAddress } from '../../../src/domain/loopback.ts';
import { isPublic } from '../../../src/webhooks/sending/addresses.ts';

const never: Resolve = () => Promise.reject(new Error('must not be asked'));
const to =
  (...addresses: string[]): Resolve =>
  () =>
    Promise.resolve(addresses);
const PUBLIC = '93.184.215.14';

const refusal = { code: 'webhook-target-refused' };

describe('addresses', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    PUBLIC,
    '100.63.255.255',
    '100.128.0.1',
    '172.15.255.255',
    '172.32.0.1',
    '192.167.1.1',
    '223.255.255.254',
    '2606:4700:4700::1111',
    '2a00:1450:4001:81b::200e',
  ])('%s is public', (address) => {
    expect(isPublic(address)).toBe(true);
    expect(isLoopbackAddress(address)).toBe(false);
  });

  it.each([
    ['this network', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['private', '10.0.0.1'],
    ['private', '10.255.255.255'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['carrier-grade NAT', '100.127.255.254'],
    ['a metadata service', '100.100.100.200'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['link-local', '169.254.0.1'],
    ['the metadata service', '169.254.169.254'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['protocol assignments', '192.0.0.192'],
    ['documentation', '192.0.2.1'],
    ['6to4 relay', '192.88.99.1'],
    ['private', '192.168.1.1'],
    ['benchmark', '198.19.0.1'],
    ['documentation', '203.0.113.7'],
    ['multicast', '224.0.0.1'],
    ['multicast', '239.255.255.250'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['mapped private', '::ffff:10.0.0.1'],
    ['mapped loopback', '::ffff:7f00:1'],
    ['mapped metadata', '::ffff:169.254.169.254'],
    ['mapped public', '::ffff:8.8.8.8'],
    ['compatible', '::7f00:1'],
    ['translated', '::ffff:0:127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['NAT64 public', '64:ff9b::808:808'],
    ['local NAT64', '64:ff9b:1::a00:1'],
    ['discard', '100::1'],
    ['6to4', '2002:7f00:1::1'],
    ['Teredo', '2001:0:53aa:64c::1'],
    ['documentation', '2001:db8::1'],
    ['documentation', '3fff::1'],
    ['metadata service', 'fd00:ec2::254'],
    ['unique-local', 'fc00::1'],
    ['link-local', 'fe80::1'],
    ['link-local with zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['segment routing', '5f00::1'],
    ['no address', 'localhost'],
    ['nothing', ''],
  ])('%s: %s is not public', (_what, address) => {
    expect(isPublic(address)).toBe(false);
  });

  it('accepts loopback only in its two plain spellings', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1'].map(isLoopbackAddress)).toEqual([true, true, true, true]);
    expect(['::ffff:127.0.0.1', '0.0.0.0', '::', '10.0.0.1', 'localhost'].map(isLoopbackAddress)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('the target guard', () => {
  it.each([
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://127.1/',
    'https://①②⑦.0.0.1/',
    'https://0/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[fd00:ec2::254]/latest/meta-data/',
    'https://169.254.169.254/latest/meta-data/',
    'https://10.0.0.1:8443/',
    'https://100.100.100.200/',
  ])('refuses the address %s without a look-up', async (url) => {
    await expect(createTargetGuard({ allowLoopback: false, resolve: never }).check(url)).rejects.toMatchObject(refusal);
  });

  it.each([
    'http://receiver.example.com/',
    'ftp://receiver.example.com/',
    'file:///etc/passwd',
    'gopher://receiver.example.com/',
    'https://user@receiver.example.com/',
    'https://user:pass@receiver.example.com/',
    'https://',
    'receiver.example.com',
    `https://receiver.example.com/${'a'.repeat(2048)}`,
  ])('refuses %s for what it is', async (url) => {
    await expect(createTargetGuard({ allowLoopback: false, resolve: never }).check(url)).rejects.toMatchObject({
      ...refusal,
      errors: [{ pointer: '/url' }],
    });
  });

  it('resolves to the checked addresses, and leaves host and path as they are', async () => {
    const guard = createTargetGuard({ allowLoopback: false, resolve: to(PUBLIC, '2606:4700::1') });
    const { url, addresses } = await guard.check('https://Receiver.example.com:8443/a?b=c#d');
    expect(url.href).toBe('https://receiver.example.com:8443/a?b=c');
    expect(addresses).toEqual([PUBLIC, '2606:4700::1']);
  });

  it.each([['10.0.0.1'], ['169.254.169.254'], ['::1'], ['::ffff:10.0.0.1']])(
    'refuses a name that leads to %s, alone or among good ones',
    async (bad) => {
      for (const addresses of [[bad], [PUBLIC, bad], [bad, PUBLIC]]) {
        const guard = createTargetGuard({ allowLoopback: false, resolve: to(...addresses) });
        await expect(guard.check('https://receiver.example.com/')).rejects.toMatchObject(refusal);
      }
    },
  );

  it('refuses a name that leads nowhere, and stops its look-up when the signal fires', async () => {
    await expect(createTargetGuard({ allowLoopback: false, resolve: to() }).check('https://receiver.example.com/')).rejects.toMatchObject(
      refusal,
    );
    await expect(createTargetGuard({ allowLoopback: false, resolve: never }).check('https://receiver.example.com/')).rejects.toThrow(
      /cannot be resolved/,
    );
    const hangs = createTargetGuard({ allowLoopback: false, resolve: () => new Promise(() => undefined) });
    await expect(hangs.check('https://receiver.example.com/', AbortSignal.timeout(5))).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(hangs.check('https://receiver.example.com/', AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });

  it('refuses a name at the next check when it leads to another address', async () => {
    const answers = [[PUBLIC], ['127.0.0.1']];
    const guard = createTargetGuard({ allowLoopback: false, resolve: () => Promise.resolve(answers.shift() ?? []) });
    expect((await guard.check('https://rebind.example.com/')).addresses).toEqual([PUBLIC]);
    await expect(guard.check('https://rebind.example.com/')).rejects.toMatchObject(refusal);
  });

  describe('with loopback allowed', () => {
    const guard = createTargetGuard({
      allowLoopback: true,
      resolve: (host) => Promise.resolve(host === 'localhost' ? ['127.0.0.1', '::1'] : [PUBLIC]),
    });

    it.each(['http://127.0.0.1:8080/', 'http://[::1]/', 'http://localhost/', 'https://localhost/', 'https://receiver.example.com/'])(
      'admits %s',
      async (url) => {
        await expect(guard.check(url)).resolves.toBeDefined();
      },
    );

    it.each([
      'http://receiver.example.com/',
      'http://10.0.0.1/',
      'https://10.0.0.1/',
      'http://169.254.169.254/',
      'http://0.0.0.0/',
      'http://[::ffff:127.0.0.1]/',
    ])('still refuses %s', async (url) => {
      await expect(guard.check(url)).rejects.toMatchObject(refusal);
    });
  });
});
