import { createRequire } from 'node:module'
import type * as level from 'level'

/**
 * LevelDB. `level` is written for `require`: where a module imports it, Node first searches its text for exports, which takes
 * longer than some of its files do.
 */
export const Level: typeof level.Level = (createRequire(import.meta.url)('level') as typeof level).Level
export type Level<K, V> = level.Level<K, V>
