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
