/** A request of the page as curl, Python or TypeScript. Each runs as it stands. */
import { addressIn, type Made } from '../api.ts';

export const LANGUAGES: Record<string, string> = { curl: 'curl', python: 'Python', typescript: 'TypeScript' };

const shell = (value: string): string => `'${value.replaceAll("'", String.raw`'\''`)}'`;
export function snippet({ method, path, body, type, did }: Made, language: string): string {
  const url = addressIn(path);
  const isFile = body === undefined;
  const contentType = type ?? 'application/json';
  const [file = 'pages.zip'] = did.split(', ');
  if (language === 'curl') {
    const lines = [`curl ${method === 'GET' ? '' : `-X ${method} `}${shell(url)}`];
    if (isFile)
      lines.push(
        type === null ? `-F ${shell(`file=@${file}`)}` : `-H ${shell(`content-type: ${type}`)} --data-binary ${shell(`@${file}`)}`,
      );
    else if (body !== null) lines.push(`-H ${shell(`content-type: ${contentType}`)}`, `-d ${shell(JSON.stringify(body))}`);
    return lines.join(' \\\n  ');
  }
  if (language === 'python') return python({ method, url, body, contentType, file });
  if (isFile) return typescriptFile(method, url, type, file);
  const lines = [`const answer = await fetch(${JSON.stringify(url)}, {`, `  method: '${method}',`];
  if (body !== null)
    lines.push(
      `  headers: { 'content-type': '${contentType}' },`,
      `  body: JSON.stringify(${JSON.stringify(body, null, 2).replaceAll('\n', '\n  ')}),`,
    );
  return [...lines, '});', 'console.log(answer.status, await answer.text());'].join('\n');
}

interface PythonRequest {
  method: string;
  url: string;
  body: unknown;
  contentType: string;
  file: string;
}

function python({ method, url, body, contentType, file }: PythonRequest): string {
  const data = body === undefined ? `open(${JSON.stringify(file)}, "rb").read()` : `${JSON.stringify(JSON.stringify(body))}.encode()`;
  const kind = body === undefined && contentType === 'application/json' ? 'application/octet-stream' : contentType;
  return [
    'import urllib.request',
    '',
    'request = urllib.request.Request(',
    `    ${JSON.stringify(url)},`,
    `    method=${JSON.stringify(method)},`,
    ...(body === null ? [] : [`    headers={"content-type": ${JSON.stringify(kind)}},`, `    data=${data},`]),
    ')',
    'with urllib.request.urlopen(request) as answer:',
    '    print(answer.status, answer.read().decode())',
  ].join('\n');
}

function typescriptFile(method: string, url: string, type: string | null, file: string): string {
  return [
    `import { readFile } from 'node:fs/promises';`,
    '',
    `const answer = await fetch(${JSON.stringify(url)}, {`,
    `  method: '${method}',`,
    `  headers: { 'content-type': '${type ?? 'application/octet-stream'}' },`,
    `  body: await readFile(${JSON.stringify(file)}),`,
    '});',
    'console.log(answer.status, await answer.text());',
  ].join('\n');
}
