/** Where a text stops being JSON. `JSON.parse` says so only now and then. */

const SPACE = /[ \t\n\r]*/y;
// oxlint-disable-next-line no-control-regex -- JSON forbids control characters in strings
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** What may come next. */
type Next = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end' | 'nothing';

/** Position of the first character at which `text` cannot go on as JSON; its length when it only ends too early. Linear, without recursion. */
export function jsonErrorPosition(text: string): number {
  const open: ('[' | '{')[] = [];
  let next: Next = 'value';
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const afterValue = (): Next => (open.length === 0 ? 'nothing' : ', or end');
  for (;;) {
    take(SPACE);
    const character = text[at];
    if (character === undefined || next === 'nothing') return at;
    const inside = open.at(-1);
    const wantsValue = next === 'value' || next === 'value or ]';
    const wantsKey = next === 'key' || next === 'key or }';
    const ends =
      (character === ']' && inside === '[' && (next === 'value or ]' || next === ', or end')) ||
      (character === '}' && inside === '{' && (next === 'key or }' || next === ', or end'));
    if (ends) {
      open.pop();
      at += 1;
      next = afterValue();
    } else if (wantsValue && (character === '[' || character === '{')) {
      open.push(character);
      at += 1;
      next = character === '[' ? 'value or ]' : 'key or }';
    } else if (wantsValue && (take(STRING) || take(SCALAR))) {
      next = afterValue();
    } else if (wantsKey && take(STRING)) {
      next = ':';
    } else if (character === ':' && next === ':') {
      at += 1;
      next = 'value';
    } else if (character === ',' && next === ', or end') {
      at += 1;
      next = inside === '[' ? 'value' : 'key';
    } else {
      return at;
    }
  }
}
