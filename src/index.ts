export type { Limits } from './bytes/limits.ts'
export { DetectorError, type ErrorCode, type Locus } from './errors.ts'
export type {
  Arch,
  DatabaseSummary,
  Evidence,
  EvidenceKind,
  FileFormat,
  FileReport,
  Finding,
  Match,
  Origin,
  Report,
  Role,
  UnitMatch,
  Unknown,
  VersionEstimate,
} from './model.ts'
export { explain } from './scan/explain.ts'
export {
  type BuildOptions,
  type BuildResult,
  buildDatabase,
  type IndexReleaseOptions,
  type IndexResult,
  indexRelease,
} from './scan/index-release.ts'
export { type FingerprintDatabase, type OpenOptions, openDatabase } from './scan/open-database.ts'
export type { Progress, Watch } from './scan/progress.ts'
export { type ScanOptions, scanFile, scanPaths, VERSION } from './scan/scan-file.ts'
