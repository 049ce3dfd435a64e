/** Opens the port, or says in a sentence why that fails. */
import type { FastifyInstance } from 'fastify';
import { StartError } from '../errors.ts';

/** Why Quire cannot listen on an address, and what to do. */
function sentenceOf(code: string, host: string, port: number, setting: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `${setting} ${port} is in use on ${host}: stop the program that listens there, or set ${setting} to another port (0 takes a free one).`;
    case 'EACCES':
    case 'EPERM':
      return `${setting} ${port} may not be opened by this user: set ${setting} to one from 1024 on, or give the process the right to bind lower ones.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
      return `HOST ${host} is a name that leads to no address: set HOST to an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all.`;
    case 'EADDRNOTAVAIL':
    case 'EINVAL':
    case 'EAFNOSUPPORT':
      return `HOST ${host} is not an address of this machine: set HOST to one that is, such as 127.0.0.1, or 0.0.0.0 for all.`;
    default:
      return `Quire cannot listen on ${host}, port ${port} (${code}): check HOST and ${setting}.`;
  }
}

/** Listens; resolves to the address. Throws a {@link StartError} that names `setting` when the system refuses. */
export async function listenOn(
  app: FastifyInstance,
  { host, port, setting = 'PORT' }: { host: string; port: number; setting?: string },
): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === undefined ? error : new StartError(sentenceOf(code, host, port, setting), { cause: error });
  }
}
