import { z } from 'zod'
import { baseUrl, type Settings } from '../../../contract'

/** Both halves of Etsy's `keystring:shared_secret`, each in a variable of its own. */
const half = (other: string) =>
  z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]*$/, 'must contain only ASCII characters without spaces, because a header carries it')
    .refine((text) => !text.includes(':'), `must not contain a colon: ${other}`)
    .optional()

export const etsySettings = {
  ETSY_URL: { schema: baseUrl('https://api.etsy.com'), about: "Base URL of Etsy's Open API v3." },
  ETSY_OAUTH_URL: { schema: baseUrl('https://www.etsy.com'), about: 'Base URL of the page on which a seller allows access to a shop.' },
  ETSY_API_KEY: {
    schema: half('the part after it belongs in ETSY_SHARED_SECRET'),
    about: 'Keystring of your Etsy app. Etsy shops cannot be read without it.',
    secret: true,
  },
  ETSY_SHARED_SECRET: {
    schema: half('the part before it belongs in ETSY_API_KEY'),
    about: 'Shared secret of your Etsy app, which Etsy requires with the keystring in every request.',
    secret: true,
  },
} satisfies Settings
