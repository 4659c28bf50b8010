import type { Report } from '../model.ts'
import { escapeJson } from './escape.ts'

/** How the document is laid out. */
export interface JsonOptions {
  /** Indent by two spaces (the default), or write all of it in one line. */
  readonly lines?: boolean
}

/**
 * The report as JSON: indented or in one line, a newline at the end, the same bytes for the same report.
 *
 * It *is* the report: `JSON.parse` gives it back. Characters that a terminal would obey are written as `\uXXXX`.
 *
 * @see docs/report.schema.json
 */
export function toJson(report: Report, { lines = true }: JsonOptions = {}): string {
  return `${escapeJson(JSON.stringify(report, null, lines ? 2 : undefined))}\n`
}
