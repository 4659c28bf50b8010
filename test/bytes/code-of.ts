import { DetectorError } from '../../src/errors.ts'

/** The code of the `DetectorError` that the call ends in; `undefined` when it returns. Other errors go on. */
export function codeOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (error) {
    if (error instanceof DetectorError) return error.code
    throw error
  }
  return undefined
}
