/** What the crawler needs of a logger: the shape of pino's, which Fastify brings. */
export interface CrawlLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
