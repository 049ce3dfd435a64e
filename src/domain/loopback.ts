/** Which hosts and addresses mean this machine. */

const IPV4 = /^127(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;
const IPV6 = /^(?:::|(?:0{1,4}:){7})0{0,3}1$/;

/** Whether an IP address without brackets means this machine: 127.0.0.0/8 or ::1. Mapped addresses do not count. */
export const isLoopbackAddress = (address: string): boolean => IPV4.test(address) || IPV6.test(address);

/** The host name of a `Host` header or a `HOST` setting, without port and brackets; `''` when there is none. */
export function hostName(host: string): string {
  const bracketed = host.includes('::') && !host.startsWith('[') ? `[${host}]` : host;
  return bracketed
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
}

/** Whether a host, with or without a port, can only mean this machine. */
export function isLoopbackHost(host: string): boolean {
  const name = hostName(host);
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name);
}
