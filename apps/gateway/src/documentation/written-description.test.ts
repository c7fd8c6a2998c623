import { clientRoutes } from '@reelay/contracts/openai-api/client-routes';
import { describeClientApi } from '@reelay/contracts/openai-api/describe-client-api';
import { WrittenDescription } from './written-description.js';

test.each(['https://video.example/reelay', '', 'http://[::1]:8000', 'https://a"},{"b\\'])(
  'the text is that of the document made for %j, also after those for others',
  (serverUrl) => {
    const description = new WrittenDescription('1.2.3');
    description.at('https://another.example');
    const document = describeClientApi({ routes: clientRoutes, version: '1.2.3', serverUrl });
    expect(JSON.parse(description.at(serverUrl))).toEqual(JSON.parse(JSON.stringify(document)));
  },
);
