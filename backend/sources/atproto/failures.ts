import type { FailureKind } from '../../contract'

/** Whether trying again helps, by kind of failure. */
export const failures: Record<string, FailureKind> = {
  refused: { again: 'may help', advice: 'The host refuses the request, perhaps only for now: retry one task first.' },
  http_403: { again: 'does not help', advice: 'The host does not give this repo to anybody.' },
  repo_not_shown: { again: 'may help', advice: 'The host says that the repo is active, but does not serve it: retry later.' },
  bad_car: { again: 'may help', advice: 'The host sent a damaged repo: retry; if it comes again, the repo is broken at its host.' },
  repeated_cursor: { again: 'may help', advice: 'The list of the host does not end: retry; if it comes again, its host is at fault.' },
  listed_meanwhile: { again: 'helps', advice: 'Another job wrote the same repo at the same time: a retry finds it free.' },
  read_meanwhile: { again: 'helps', advice: 'Another job read the same repos at the same time: a retry finds them free.' },
  handle_mismatch: {
    again: 'does not help',
    advice: 'The handle and its document name different accounts: its owner has to put this right.',
  },
  handle_not_found: { again: 'may help', advice: 'The handle leads to no account: check its spelling, then start a new job.' },
  did_not_found: { again: 'does not help', advice: 'The directory knows no such account.' },
  did_document: { again: 'does not help', advice: 'The document of the account is broken: its owner has to put this right.' },
  no_pds: { again: 'does not help', advice: 'The document of the account names no host: its owner has to put this right.' },
  pds_address: { again: 'does not help', advice: 'The address of the host is not allowed: its owner has to put this right.' },
  did_syntax: { again: 'does not help', advice: 'The name is no DID: start a new job with another one.' },
  no_lexicons: { again: 'may help', advice: 'No record lexicon is uploaded: name a collection or upload one, then start a new job.' },
}
