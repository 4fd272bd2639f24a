-- A list never ends early in silence, whatever stands in pageInfo.
\! $QIANFAN_SIMULATOR_CTL reset
\! $QIANFAN_SIMULATOR_CTL set tasks 25
CREATE FOREIGN TABLE paged (id text) SERVER qianfan OPTIONS (page_size '10');

-- How reading the 25 tasks ends, if this stands in the first page.
CREATE FUNCTION rows_with(page_info text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT count(*) || ' rows' FROM paged);
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END $$;

-- isTruncated says nothing: the marker does; or it says no word we know
\! for t in null '"(missing)"' '"yes"' '""' '[]' '{}' 2 0.5; do $QIANFAN_SIMULATOR_CTL fail "page-info:{\"isTruncated\": $t}" --first-page; done
SELECT t AS "isTruncated", rows_with(t)
  FROM unnest(ARRAY['null', '"(missing)"', '"yes"', '""', '[]', '{}', '2', '0.5']) t;

-- true in other words; false, which ends the list whatever the marker
\! for t in '"true"' '"TRUE"' 1 '"1"' '"false"' 0 '"0"' 'false, "nextMarker": {}'; do $QIANFAN_SIMULATOR_CTL fail "page-info:{\"isTruncated\": $t}" --first-page; done
SELECT t AS "isTruncated", rows_with(t)
  FROM unnest(ARRAY['"true"', '"TRUE"', '1', '"1"', '"false"', '0', '"0"', 'false, "nextMarker": {}']) t;

-- more follows, and nothing says where
\! for m in null '"(missing)"' '""' '[]' '{}' true; do $QIANFAN_SIMULATOR_CTL fail "page-info:{\"nextMarker\": $m}" --first-page; done
SELECT m AS "nextMarker", rows_with(m)
  FROM unnest(ARRAY['null', '"(missing)"', '""', '[]', '{}', 'true']) m;

-- nothing says whether more follows
\! for m in null '"(missing)"' '""' '[]' '{}' true; do $QIANFAN_SIMULATOR_CTL fail "page-info:{\"isTruncated\": null, \"nextMarker\": $m}" --first-page; done
SELECT m AS "nextMarker", rows_with(m)
  FROM unnest(ARRAY['null', '"(missing)"', '""', '[]', '{}', 'true']) m;

-- pageInfo is no object
\! for p in null '"yes"' '""' '[]' 0 true; do $QIANFAN_SIMULATOR_CTL fail "page-info:$p" --first-page; done
SELECT p AS "pageInfo", rows_with(p)
  FROM unnest(ARRAY['null', '"yes"', '""', '[]', '0', 'true']) p;

-- there is none: the page must not be full
\! $QIANFAN_SIMULATOR_CTL set paging no-page-info
SELECT count(*) FROM paged;  -- ERROR
SELECT count(*) FROM (SELECT FROM paged LIMIT 3) t;  -- ERROR
ALTER FOREIGN TABLE paged OPTIONS (SET page_size '25');
SELECT count(*) FROM paged;  -- ERROR
ALTER FOREIGN TABLE paged OPTIONS (SET page_size '26');
SELECT count(*) FROM paged;
\! $QIANFAN_SIMULATOR_CTL reset

-- what is wrong is said
\! for p in '[]' '{"isTruncated": "yes"}' '{"nextMarker": {}}' '{"nextMarker": ""}'; do $QIANFAN_SIMULATOR_CTL fail "page-info:$p" --first-page; done
SELECT count(*) FROM paged;  -- ERROR
SELECT count(*) FROM paged;  -- ERROR
SELECT count(*) FROM paged;  -- ERROR
SELECT count(*) FROM paged;  -- ERROR
\echo :LAST_ERROR_SQLSTATE
DROP FOREIGN TABLE paged;
DROP FUNCTION rows_with;
\! $QIANFAN_SIMULATOR_CTL reset
