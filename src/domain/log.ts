/** Where parts of Quire write their log lines: first an object of facts, then a sentence. The loggers of pino fit. */
export interface Log {
  trace(fields: object, message: string): void;
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
