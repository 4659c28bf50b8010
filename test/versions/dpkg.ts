import { spawnSync } from 'node:child_process'

/** Whether the real dpkg is there to be asked. */
export const hasDpkg: boolean = spawnSync('dpkg', ['--version']).status === 0

/** What dpkg says: -1, 0 or 1. */
export function compareByDpkg(a: string, b: string): number {
  const is = (relation: string): boolean => spawnSync('dpkg', ['--compare-versions', a, relation, b]).status === 0
  if (is('lt')) return -1
  return is('eq') ? 0 : 1
}
