/** What pages of listings count besides their records; shown by request type, which is the stream. */
export const counters = {
  listings_found: 'Listings that backpack.tf was asked for and has.',
  listings_gone: 'Listings that backpack.tf was asked for and does not have (404).',
  listings_unknown: 'Listings of which backpack.tf did not say whether it has them; their rows are kept.',
  listings_bad: 'Listings that came in a form that cannot be read.',
  inventory_scans: 'Inventories of sellers that were read.',
  inventory_filtered: 'Sellers skipped because they have more matching items than asked for.',
  deletes_withheld: 'Rows that were kept because nothing proves that their listing is gone.',
} satisfies Record<string, string>

/** What to do about rows that may be out of date. */
export const advice = {
  deletes_withheld:
    'They may be out of date. The report says why for each item; run the item again later, and with --verify-all, which asks backpack.tf for each listing.',
  listings_unknown: 'Run the item again later: backpack.tf may answer then.',
  listings_bad: 'Read the rejected records of the job: backpack.tf may have changed its answers.',
} satisfies Partial<Record<keyof typeof counters, string>>
