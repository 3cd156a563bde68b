/*
 * Everything this source keeps in Postgres.
 */
export { type KeptBody, newestReports, readBody } from './bodies'
export { readCacheStatistics, resetCacheStatistics, saveCacheStatistics } from './cache-statistics'
export {
  listSnapshots,
  type Revision,
  readRevisions,
  readSnapshot,
  type Snapshot,
  type SnapshotDistrict,
  type SnapshotFilters,
} from './catalog'
export {
  addConfigured,
  type ConfigChange,
  configHistory,
  type KeptChange,
  lastConfigChange,
  readConfigured,
  removeConfigured,
} from './config'
export { type Health, type Performance, storeHealth, storePerformance } from './health'
export { type Held, latestDistricts, monthsLacking, readDistricts, readHeld } from './held'
export { type Integrity, type Issue, storeIntegrity } from './integrity'
export { type KeptList, type NewList, readLists, saveList } from './lists'
export { type Mismatch, type OpenMismatch, openMismatches, saveMismatch } from './mismatches'
export { type DistrictFigures, type DistrictPayload, type PayloadPage, readPayload } from './payload'
export { type ReportBatch, saveReport } from './reports'
export { retention } from './retention'
export { SUMMARY } from './revisions'
export { type SummaryBatch, saveSummary } from './summary'
