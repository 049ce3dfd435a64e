import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Makes a key and a certificate that vouches for itself, for `subjectAltName` such as `DNS:receiver.test` or `IP:127.0.0.1`; paths of PEM files in `dir`. */
export async function makeCertificate(dir: string, name: string, subjectAltName: string): Promise<{ key: string; certificate: string }> {
  const key = join(dir, 'key.pem');
  const certificate = join(dir, 'certificate.pem');
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${subjectAltName}`];
  const files = ['-keyout', key, '-out', certificate];
  await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files]);
  return { key, certificate };
}
