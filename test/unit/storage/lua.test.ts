/** The Lua of the project is held to what Redis runs: Lua 5.1, without assignments to globals, which Redis refuses at run time alone. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, type Node } from 'luaparse';
import { describe, expect, it } from 'vitest';
import { scriptsOf } from '../../../src/storage/redis/scripts.ts';

const src = new URL('../../../src/', import.meta.url);
const files = readdirSync(fileURLToPath(src), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.lua'));
const textOf = (name: string): string => readFileSync(new URL(name, src), 'utf8');

/** What Redis gives to every script. */
const GIVEN = ['KEYS', 'ARGV', 'redis', 'ipairs', 'pairs', 'tonumber', 'string', 'table', 'math', 'unpack', 'cjson'];

/** Names that a text uses and does not declare, and those of them that it assigns to. */
function globalsOf(text: string): { used: string[]; assigned: string[] } {
  const nodes: Node[] = [];
  parse(text, { luaVersion: '5.1', scope: true, onCreateNode: (node: Node) => void nodes.push(node) });
  const globalNames = (among: (Node | null)[]): string[] =>
    among.flatMap((one) => (one?.type === 'Identifier' && (one as { isLocal?: boolean }).isLocal === false ? [one.name] : []));
  return {
    used: globalNames(nodes),
    assigned: nodes.flatMap((node) => {
      if (node.type === 'AssignmentStatement') return globalNames(node.variables);
      return node.type === 'FunctionDeclaration' && !node.isLocal ? globalNames([node.identifier]) : [];
    }),
  };
}

describe('the linter', () => {
  it('finds an assignment to a global, and a name that nobody declares', () => {
    expect(globalsOf('count = missing + 1')).toEqual({ used: ['count', 'missing'], assigned: ['count'] });
    expect(globalsOf('function count() end').assigned).toEqual(['count']);
    expect(globalsOf('local count = 1\ncount = missing').assigned).toEqual([]);
    expect(globalsOf('local count = missing').used).toEqual(['missing']);
    expect(() => globalsOf('local = 1')).toThrow(/expected/);
  });
});

it.each(files)('%s begins with what it does, and a script tells its arguments and its result', (name) => {
  const header = /^(--.*\n)+/.exec(textOf(name))?.[0] ?? '';
  expect(header).toMatch(name.includes('/functions/') ? /./ : /^-- Key: .*\n-- Arguments: [^]*\n-- Result: /m);
});

it.each(scriptsOf(0))('the script %s is Lua 5.1 and keeps to its own names', (_name, lua) => {
  const { used, assigned } = globalsOf(lua);
  expect(assigned).toEqual([]);
  for (const name of used) expect(GIVEN).toContain(name);
});

it('every file is part of a script', () => {
  const scripts = scriptsOf(0).map(([, lua]) => lua);
  for (const name of files.filter((one) => one.startsWith('storage/')))
    expect(
      scripts.some((lua) => lua.includes(textOf(name))),
      name,
    ).toBe(true);
});
