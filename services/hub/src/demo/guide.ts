/** What the guide's commands are made with. */
export interface GuideFacts {
  readonly hubUrl: string
  readonly klientId: string
  readonly klientSecret: string
  readonly operatorId: string
  readonly operatorSecret: string
  readonly logFile: string
  /** A letter that has a journey worth reading. */
  readonly exampleReferanse: string
}

/** A line of the guide; commands are to be copied as they are, so they are never wrapped. */
export interface GuideLine {
  readonly kind: 'text' | 'command'
  readonly text: string
}

const say = (text: string): GuideLine => ({ kind: 'text', text })
const run = (text: string): GuideLine => ({ kind: 'command', text })

/** How to post a letter of one's own, and how to look at what the hub did: commands for a POSIX shell with curl, run from the repository. */
export function guideLines(facts: GuideFacts): GuideLine[] {
  const { hubUrl, klientId, klientSecret, operatorId, operatorSecret } = facts
  return [
    say('Send et eget brev, med hvilken fil som helst:'),
    run('FIL=package.json'),
    run(`NAV=${hubUrl}`),
    run(`TOKEN=$(curl -s -u ${klientId}:${klientSecret} -d grant_type=client_credentials \\`),
    run(`  $NAV/oauth/token | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`),
    run('curl -s $NAV/api/v1/forsendelser -H "Authorization: Bearer $TOKEN" -F \'forsendelse={'),
    run('  "eksternReferanse": "mitt-brev-1", "tittel": "Mitt eget brev", "kunDigitalLevering": true,'),
    run('  "mottaker": {"navn": "Syntetisk mottaker", "digitalId": "15859099928"},'),
    run('  "dokumenter": [{"filnavn": "brev", "mimeType": "application/octet-stream"}]'),
    run('}\' -F "fil=@$FIL;filename=brev"'),
    say(
      'Send det en gang til: svaret er det samme, og ingenting går ut på nytt. Bytt eksternReferanse for et nytt brev. Slik går det:',
    ),
    run(`curl -s "$NAV/api/v1/forsendelser?eksternReferanse=mitt-brev-1" -H "Authorization: Bearer $TOKEN"`),
    say('Se det samme som driften, fra kommandolinjen:'),
    run(`export SAMBAND_URL=${hubUrl} SAMBAND_OPERATOR='Kari Prøve'`),
    run(`export SAMBAND_KLIENT_ID=${operatorId} SAMBAND_KLIENT_SECRET=${operatorSecret}`),
    run('npm run --silent samband -- failures'),
    run(`npm run --silent samband -- journey ${facts.exampleReferanse}`),
    run('npm run --silent samband -- account --day alle'),
    run('npm run --silent samband -- audit'),
    say('Loggen og målingene:'),
    run(`tail -f ${facts.logFile}`),
    run(`curl -s ${hubUrl}/metrics`),
  ]
}
