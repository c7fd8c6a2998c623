// `npm run doctor`: what is here, what is missing, what to do. Ends with exit code 1 only if `npm start` could not work.
// It runs without installed dependencies, so it uses Node's own modules only.
import { homeDir } from './infra/paths.mts';
import { examineMachine, type Finding } from './launcher/examine-machine.mts';
import { examineStack } from './launcher/examine-stack.mts';

const findings = [...(await examineMachine(process.env)), ...(await examineStack(homeDir, process.env))];
const signs: Record<Finding['state'], string> = { fine: '✓', optional: '·', problem: '✗' };

for (const { name, state, text } of findings) console.log(`${signs[state]} ${name.padEnd(13)} ${text}`);

const actions = findings.flatMap(({ name, state, advice }) => (advice ? [{ name, state, advice }] : []));
const problems = findings.filter(({ state }) => state === 'problem').length;
if (actions.length > 0) console.log('\nTo do');
for (const { name, state, advice } of actions) {
  console.log(`  ${name}${state === 'optional' ? ' (optional)' : ''}: ${advice}`);
}
console.log(
  problems > 0 ? '\nnpm start cannot work until the lines marked ✗ are dealt with.' : '\nnpm start can work.',
);
process.exitCode = problems > 0 ? 1 : 0;
