/** What a job costs: requests by API or part, null where the number is not known before the work starts, and a remark on them. */
export interface PlanEstimate {
  requests: Record<string, number | null>
  note?: string
}

/**
 * What a job would read, part by part, found out from what is stored. A plan has only the first tasks of a job; a source that finds the
 * others while the job runs tells here what it would find.
 */
export interface Preview {
  /** What one part is called: `date`. */
  unit: string
  /** In the order they are read. */
  parts: PreviewPart[]
  /** They are no range such as days: neighbors with the same outcome are shown one by one. */
  isEachShown?: boolean
  /** How much is read of each part, by what one of it is called: `{ district: 132 }`; null where it is not known before the work starts. */
  each: Record<string, number | null>
  /** What that costs, where it is known better than by the plan. */
  estimate?: PlanEstimate
}

export interface PreviewPart {
  name: string
  /** Null: not known before the work starts. */
  isRead: boolean | null
  /** Why it is not read: a short word by which such parts are counted, such as `exists`. */
  kind?: string
  /** Why it is not read or not known, as a sentence without its full stop. */
  reason?: string
  /** About how many records it has, by what is stored. */
  expected?: number
}
