import { describe, expect, it } from 'vitest';
import { isLoopbackAddress, isLoopbackHost } from '../../../src/domain/loopback.ts';

describe('a host of this machine', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', '[::1]', '[::1]:3000', 'localhost', 'LOCALHOST:3000', 'quire.localhost'])('%s is', (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });
  it.each([
    '',
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    'evil.example:127',
    '[::2]:1',
    '127.0.0',
  ])('%s is not', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});

describe('an address of this machine', () => {
  it.each(['127.0.0.1', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1'])('%s is', (address) => {
    expect(isLoopbackAddress(address)).toBe(true);
  });
  it.each(['127.0.0.256', '127.0.0.01', '::ffff:127.0.0.1', '::2', '[::1]', 'localhost', ''])('%s is not', (address) => {
    expect(isLoopbackAddress(address)).toBe(false);
  });
});
