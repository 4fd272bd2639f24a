# qianfan_fdw in the official image of PostgreSQL.
#
#	docker build --build-arg PG_MAJOR=17 -t postgres-qianfan .
#	docker run -e POSTGRES_PASSWORD=... postgres-qianfan
#
# Then, in a database: CREATE EXTENSION qianfan_fdw.

ARG PG_MAJOR=17
ARG DEBIAN=bookworm

FROM postgres:${PG_MAJOR}-${DEBIAN} AS build
ARG PG_MAJOR
RUN apt-get update \
	&& apt-get install -y --no-install-recommends gcc gettext libc6-dev make \
		libcjson-dev libcurl4-openssl-dev libssl-dev \
		postgresql-server-dev-${PG_MAJOR}
COPY . /source
RUN make -C /source PG_CONFIG=/usr/lib/postgresql/${PG_MAJOR}/bin/pg_config \
	&& make -C /source PG_CONFIG=/usr/lib/postgresql/${PG_MAJOR}/bin/pg_config \
		DESTDIR=/installed install

FROM postgres:${PG_MAJOR}-${DEBIAN}
# ca-certificates: the service's certificate is checked
RUN apt-get update \
	&& apt-get install -y --no-install-recommends ca-certificates \
		libcjson1 libcurl4 \
	&& rm -rf /var/lib/apt/lists/*
COPY --from=build /installed /
