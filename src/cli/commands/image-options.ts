import type { ScanImageOptions, ScanPathsOptions } from '../../index.ts'
import { flag, number, type Option, text, type Values } from '../args.ts'

/** More threads than a machine has cores are no mistake; thousands are. */
const MOST_JOBS = 256

/** Options of all commands that read images. */
export const IMAGE_OPTIONS: {
  readonly platform: Option<string>
  readonly jobs: Option<number>
  readonly 'no-cache': Option<true>
  readonly insecure: Option<true>
} = {
  platform: text('OS/ARCH', 'which image of a multi-platform one, such as linux/arm64 (default: that of this machine)'),
  jobs: number(
    'N',
    { min: 1, max: MOST_JOBS, integer: true },
    'files analysed at a time (default: one a core, if there is enough to do)',
  ),
  'no-cache': flag('neither use nor keep results of scans'),
  insecure: flag('speak plain http to registries, also on other machines'),
}

/** The same as options of the library. */
export function imageOptions(values: Values<typeof IMAGE_OPTIONS>): Omit<ScanImageOptions, 'db'> {
  const { platform, jobs, insecure } = values
  return {
    ...(platform === undefined ? {} : { platform }),
    ...(jobs === undefined ? {} : { jobs }),
    ...(values['no-cache'] === true ? { cache: false } : {}),
    ...(insecure === true ? { insecure } : {}),
  }
}

/** Those of them that files and directories have as well. */
export function pathOptions({ jobs, cache }: Omit<ScanImageOptions, 'db'>): Omit<ScanPathsOptions, 'db'> {
  return { ...(jobs === undefined ? {} : { jobs }), ...(cache === undefined ? {} : { cache }) }
}
