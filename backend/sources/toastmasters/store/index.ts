/*
 * Everything this source keeps in Postgres.
 */
export { hashOf, type KeptBody, readBody } from './bodies'
export { readCacheStatistics, saveCacheStatistics } from './cache-statistics'
export {
  addConfigured,
  type ConfigChange,
  configHistory,
  type KeptChange,
  lastConfigChange,
  readConfigured,
  removeConfigured,
} from './config'
export { type Detail, type Held, latestDistricts, readDistricts, readHeld } from './held'
export { type KeptList, type NewList, readLists, saveList } from './lists'
export { type Mismatch, type OpenMismatch, openMismatches, saveMismatch } from './mismatches'
export { type ReportBatch, saveReport } from './reports'
export { retention } from './retention'
export { type SummaryBatch, saveSummary } from './summary'
