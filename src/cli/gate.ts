import type { DetectorError } from '../errors.ts'
import type { Report } from '../model.ts'

/** The exit codes of every command. */
export const ExitCode = {
  /** Done; for a scan, no gate failed. */
  clean: 0,
  /** A condition that `--fail-on` names holds. */
  gateFailed: 1,
  usage: 2,
  /** The scan, or whatever was asked for, did not happen. */
  couldNotScan: 3,
} as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/**
 * Conditions that `--fail-on` accepts: `unknown` holds when a file could not be read, wholly or in part, `contradiction` when one
 * says something of itself that its code denies, `modified` when a function was changed since its release.
 */
export const GATES = ['unknown', 'contradiction', 'modified'] as const
export type Gate = (typeof GATES)[number]

const HOLDS: Readonly<Record<Gate, (report: Report) => boolean>> = {
  unknown: (report) => report.unknowns.length > 0,
  contradiction: (report) => report.files.some(({ contradictions }) => contradictions.length > 0),
  modified: (report) => report.files.some(({ components }) => components.some(({ modified }) => modified.length > 0)),
}

/**
 * The exit code of a scan that ended. A file that is broken or no program leaves it clean, unless a gate says otherwise;
 * a file that is not there, or that the system refused when nothing else was read, is a scan that did not happen.
 */
export function scanExitCode(report: Report, gates: readonly Gate[]): ExitCode {
  if (report.unknowns.some(({ code }) => code === 'INPUT_NOT_FOUND')) return ExitCode.couldNotScan
  const refused = report.unknowns.some(({ code }) => code === 'INPUT_UNREADABLE')
  if (refused && report.files.length === 0) return ExitCode.couldNotScan
  return gates.some((gate) => HOLDS[gate](report)) ? ExitCode.gateFailed : ExitCode.clean
}

/** The exit code of a command that ended in the error. */
export function errorExitCode(error: DetectorError): ExitCode {
  return error.code === 'USAGE' ? ExitCode.usage : ExitCode.couldNotScan
}
