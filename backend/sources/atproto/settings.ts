import { baseUrl, positive, type Settings } from '../../contract'

export const settings = {
  ATPROTO_JOBS: { schema: positive.default(1), about: 'Jobs of the source `atproto` that run at once; others wait in order of arrival.' },
  ATPROTO_RELAY_URL: { schema: baseUrl('https://relay1.us-west.bsky.network'), about: 'Base URL of the relay.' },
  PLC_URL: { schema: baseUrl('https://plc.directory'), about: 'Base URL of the directory of did:plc.' },
  ATPROTO_HANDLE_URL: {
    schema: baseUrl('https://public.api.bsky.app'),
    about:
      'Base URL of a service that answers `com.atproto.identity.resolveHandle`. An answer counts only if the DID document confirms it.',
  },
} satisfies Settings
