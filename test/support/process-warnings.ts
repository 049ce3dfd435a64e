/** Keeps the warnings that Node gives from now on, such as one of listeners that pile up. `stop` ends it. */
export function keepWarnings(): { warnings: string[]; stop(): void } {
  const warnings: string[] = [];
  const keep = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`);
  process.on('warning', keep);
  return { warnings, stop: () => void process.off('warning', keep) };
}
