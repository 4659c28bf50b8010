export type { Limits } from './bytes/limits.ts'
export { DetectorError, type ErrorCode, type Locus } from './errors.ts'
export type {
  Arch,
  ContradictedClaim,
  Contradiction,
  DatabaseSummary,
  Evidence,
  EvidenceKind,
  FileFormat,
  FileReport,
  Finding,
  ImageReport,
  ImageSource,
  LayerReport,
  Match,
  Method,
  ModifiedFunction,
  Neighbour,
  Origin,
  PackageOwner,
  Report,
  Role,
  Shadow,
  UnitMatch,
  Unknown,
  VersionEstimate,
} from './model.ts'
export { type JsonOptions, toJson } from './report/json.ts'
export { type TableOptions, toTable } from './report/table.ts'
export type { BuildInput, BuildOptions, BuildResult } from './scan/build-database.ts'
export { catalogNames } from './scan/catalog-names.ts'
export {
  addToDatabase,
  describeDatabase,
  diffDatabases,
  exportDatabase,
  importDatabase,
  mergeDatabases,
  removeFromDatabase,
  updateDatabase,
  verifyDatabase,
} from './scan/databases.ts'
export type { ComponentDescription, DatabaseDescription } from './scan/describe-database.ts'
export type { ComponentDifference, DatabaseDifference } from './scan/diff-databases.ts'
export type { AddOptions, RemovedRelease } from './scan/edit-database.ts'
export {
  type ComponentCounts,
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  type GroupFigures,
  type MacroFigures,
  type PresenceFigures,
  type VersionFigures,
} from './scan/evaluate.ts'
export type { ErrorCause, EvaluationError } from './scan/evaluation-errors.ts'
export { explain } from './scan/explain.ts'
export type { Figure, Resampling } from './scan/figures.ts'
export type { ScanOptions } from './scan/files-report.ts'
export type { FindOptions, FoundComponent, FoundImage, FoundPlace } from './scan/find-component.ts'
export type { IndexReleaseOptions, IndexResult } from './scan/index-release.ts'
export { buildDatabase, indexRelease } from './scan/indexing.ts'
export type { CatalogNames } from './scan/judge.ts'
export { type Label, type LabelledComponent, readLabels } from './scan/labels.ts'
export type { MergedDatabase } from './scan/merge-databases.ts'
export type { ExportOptions, ImportOptions, MovedDatabase } from './scan/move-database.ts'
export { type FingerprintDatabase, type OpenOptions, openDatabase } from './scan/open-database.ts'
export { VERSION } from './scan/package-version.ts'
export {
  type ComponentPrediction,
  type FilePrediction,
  type Predictions,
  readFileComponents,
  readPredictions,
} from './scan/predictions.ts'
export type { Progress, Watch } from './scan/progress.ts'
export type { ScanImageOptions } from './scan/scan-image.ts'
export type { ScanPathsOptions } from './scan/scan-paths.ts'
export { findComponent, imageOf, scanFile, scanImage, scanPaths, sweepImages } from './scan/scanning.ts'
export type { SweepOptions } from './scan/sweep-images.ts'
export type { UpdatedDatabase, UpdateOptions } from './scan/update-database.ts'
export type { DatabaseProblem, Verification } from './scan/verify-database.ts'
