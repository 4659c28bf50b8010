import type { Report } from '../model.ts'
import { escapeJson } from './escape.ts'

/**
 * The report as JSON: two spaces, a newline at the end, the same bytes for the same report.
 *
 * It *is* the report: `JSON.parse` gives it back. Characters that a terminal would obey are written as `\uXXXX`.
 *
 * @see docs/report.schema.json
 */
export function toJson(report: Report): string {
  return `${escapeJson(JSON.stringify(report, null, 2))}\n`
}
