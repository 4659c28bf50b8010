import { DetectorError } from '../errors.ts'

/**
 * The code under which a failure stands in the report as an unknown; undefined for what ends the scan: errors of the store and of
 * usage, an abort, and defects.
 */
export function problemCode(error: unknown): string | undefined {
  const code = error instanceof DetectorError ? error.code : (systemCode(error) ?? engineLimit(error))
  return code === undefined || code === 'ABORTED' || code.startsWith('STORE_') ? undefined : code
}

/** Errors of the file system concern one file; anything else is a defect and must surface. */
function systemCode(error: unknown): 'INPUT_UNREADABLE' | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? 'INPUT_UNREADABLE' : undefined
}

/** V8's words for a map, a buffer or a memory of WebAssembly that cannot grow further. */
const ENGINE_LIMIT =
  /maximum (?:memory )?size exceeded|allocation failed|^Invalid (?:typed array|array|string) length|unable to grow/i

/** A file that needs more than the engine can hold is one file; other range errors are defects. */
function engineLimit(error: unknown): 'LIMIT_EXCEEDED' | undefined {
  return error instanceof RangeError && ENGINE_LIMIT.test(error.message) ? 'LIMIT_EXCEEDED' : undefined
}

/** Codes that tell of this machine and this moment, such as a full directory for temporary files, and not of the file. */
const PASSING: readonly string[] = ['SOURCE_FAILED', 'INPUT_UNREADABLE', 'INPUT_NOT_FOUND']

/** Whether a result with these problems would be the same another time, so that it may be kept. */
export function isLasting(problems: readonly { readonly code: string }[]): boolean {
  return !problems.some(({ code }) => PASSING.includes(code))
}
