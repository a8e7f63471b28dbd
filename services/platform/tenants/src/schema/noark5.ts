import { z } from 'zod'
import { says } from '../faults.ts'
import { address, ceiling, group, SecretField, text } from './fields.ts'
import { giveUpAfter, outlastsTiming, timing } from './timing.ts'
import { WayOut } from './way-out.ts'

const fromArchive = 'Ask whoever runs the archive core.'

const Basic = group({
  type: z.literal('basic'),
  user: text('the user at the archive core', fromArchive),
  password: SecretField,
})

/** With `user` and `password` the password grant is meant, which Nikita needs; without them client credentials. */
const OAuth2 = group({
  type: z.literal('oauth2'),
  clientId: text('the client id at the archive core', fromArchive),
  clientSecret: SecretField,
  tokenUrl: address('Leave it out to take the address from the core itself, or write the token endpoint.').optional(),
  user: text('the user at the archive core', fromArchive).optional(),
  password: SecretField.optional(),
}).check(({ value, issues }) => {
  if ((value.user === undefined) === (value.password === undefined)) return
  const path = [value.user === undefined ? 'user' : 'password']
  const message = 'user and password together, or neither\nAdd the one that is missing, or remove the other.'
  issues.push({ code: 'custom', input: value, path, message })
})

const Login = z.discriminatedUnion(
  'type',
  [Basic, OAuth2],
  says('a login with type basic or oauth2', 'Write type: basic or type: oauth2, and the settings that belong to it.'),
)

const codes = 'the kode this core has in its own list'
const kode = () => text(codes, 'Take it from the code list of the core.').optional()
const yesOrNo = () => z.boolean(says('true or false', 'Write true or false, without quotes.')).optional()

/** In what a core deviates from its profile; what is left out stays as the profile has it. */
const ProfileChanges = group({
  /** False for a core that gives its own systemID: then a look-up never says that something is not there. */
  systemIdKept: yesOrNo(),
  update: z.enum(['patch', 'put'], says('patch or put', 'Write how the core takes updates.')).optional(),
  /** False: every file in one request. */
  chunks: yesOrNo(),
  koder: group({
    saksstatus: kode(),
    journalposttype: kode(),
    journalstatus: kode(),
    journalstatusEkspedert: kode(),
    dokumenttype: kode(),
    dokumentstatus: kode(),
    variantformat: kode(),
  }).optional(),
})

/** `connectors.noark5` of a tenant file. */
export const Noark5 = group({
  baseUrl: address('Write the root address of the core’s Noark 5 tjenestegrensesnitt.'),
  arkivdel: text('the title of the arkivdel to file in', fromArchive),
  profile: z.enum(['standard', 'nikita'], says('standard or nikita', 'Write nikita for a Nikita core, else standard.')),
  profileChanges: ProfileChanges.optional(),
  login: Login,
  wayOut: WayOut.optional(),
  timing: timing({ startWithinMs: 5000, inFlightMs: 120_000, lookUpLagMs: 60_000 }),
  ceiling: ceiling().default(4),
  giveUpAfterMs: giveUpAfter(),
}).check(outlastsTiming)

/** How letters of a tenant are filed; times in milliseconds. */
export type Noark5Settings = Readonly<z.infer<typeof Noark5>>
/** How the hub logs in at the archive core. */
export type Noark5Login = Readonly<z.infer<typeof Login>>
