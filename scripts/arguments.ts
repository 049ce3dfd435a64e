/** Command lines of scripts: a wrong one is told in a sentence, not in a stack. */
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** Ends the process with a sentence. */
export function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/** As `parseArgs`; an option that is not known ends the process with a sentence that names those that are. */
export function readArguments<Config extends ParseArgsConfig>(config: Config): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    if (!(error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS_')) throw error;
    const [said = ''] = (error as Error).message.split(/\.(?: |$)/);
    const known = Object.keys(config.options ?? {}).map((name) => `--${name}`);
    return refuse(`${said}. Known options are: ${known.join(', ')}.`);
  }
}
