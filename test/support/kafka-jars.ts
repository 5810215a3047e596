/** Kafka from Maven's registry, fetched once by mvn and kept in the cache folder of this user. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onPath } from './mongod-binary.js';

const run = promisify(execFile);
const VERSION = '4.4.0';
const FETCH_MS = 280_000;
/** The server, and the commands of an administrator. */
const ARTIFACTS = ['kafka_2.13', 'kafka-tools'];

const dependency = (name: string): string =>
  `<dependency><groupId>org.apache.kafka</groupId><artifactId>${name}</artifactId><version>${VERSION}</version></dependency>`;
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>makai-tests</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${ARTIFACTS.map(dependency).join('')}</dependencies></project>
`;

/** The class path; undefined (with a loud line) where there is no Java, no Maven or no way to the registry. */
export async function kafkaJars(): Promise<string | undefined> {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'makai-tests', `kafka-${VERSION}`);
  const temporary = `${folder}.${process.pid}`;
  try {
    if (onPath('java') === undefined) throw new Error('there is no java');
    if (existsSync(folder)) return join(folder, '*');
    const mvn = onPath('mvn');
    if (mvn === undefined) throw new Error('there is no mvn');
    await mkdir(temporary, { recursive: true });
    await writeFile(join(temporary, 'pom.xml'), POM);
    const args = [
      '-q',
      '-B',
      'dependency:copy-dependencies',
      '-DoutputDirectory=libs',
      '-DincludeScope=runtime',
    ];
    await run(mvn, args, { cwd: temporary, timeout: FETCH_MS });
    await rename(join(temporary, 'libs'), folder);
    return join(folder, '*');
  } catch (error) {
    // Another process was faster.
    if (existsSync(folder)) return join(folder, '*');
    const reason = error instanceof Error ? error.message.split('\n').slice(0, 2).join(' ') : String(error);
    process.stderr.write(`\n*** TESTS WITH KAFKA ARE SKIPPED: no Kafka ${VERSION} (${reason}). ***\n\n`);
    return undefined;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** For use inside `describe`: the tests below run where there is a Kafka, or are skipped. */
export function givenKafka(): () => string {
  let jars: string | undefined;
  before(async function () {
    this.timeout(300_000);
    jars = await kafkaJars();
    if (jars === undefined) this.skip();
  });
  return () => {
    if (jars === undefined) throw new Error('the class path is known only while a test runs');
    return jars;
  };
}
