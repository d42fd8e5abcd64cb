#!/bin/sh
test_description='images of workers to a registry and back'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"
command -v docker-registry >/dev/null || { skip_all='docker-registry is not installed'; test_done; }
. "$CLX_SOURCE_ROOT/tests/system/engine.sh"

port=$((20000 + $$ % 20000)) registry=127.0.0.1:$port
CLX_WORKER_MANAGEMENT__DOCKER_NETWORK=host DOCKER_CONFIG=$PWD/docker-config && export CLX_WORKER_MANAGEMENT__DOCKER_NETWORK DOCKER_CONFIG
remote=$registry/team/clx-notebook
mkdir -p slides/module_100_m/topic_100_a docker-config registry
printf '# %%%% [markdown]\n# # Title\n\n# %%%%\nprint(1)\n' >slides/module_100_m/topic_100_a/slides_a.py
echo '{name: Small, languages: [en], prog_lang: python, sections: [{name: One, topics: [{id: a, evaluate: false}]}]}' >course.yaml
cat >registry.yml <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $PWD/registry}}
http: {addr: "$registry"}
auth: {htpasswd: {realm: clx, path: $PWD/htpasswd}}
CONFIG
python3 -W ignore -c 'import crypt; print("teacher:" + crypt.crypt("a secret", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))' >htpasswd
docker-registry serve registry.yml >registry.log 2>&1 &
registry_pid=$!
trap 'kill -CONT $registry_pid 2>/dev/null; kill $registry_pid 2>/dev/null; stop_engine' EXIT

log_in()
{
    printf '{"auths": {"%s": {"auth": "%s"}}}\n' "$registry" "$(printf '%s' "teacher:$1" | base64)" >docker-config/config.json
}
forget()
{
    docker image rm -f $(docker image ls -q "$remote" | sort -u) >/dev/null
    test -z "$(docker image ls -q "$remote")"
}
build()
{
    CLX_WORKER_MANAGEMENT__NOTEBOOK__IMAGE=$remote "$CLX" build course.yaml --workers=docker --ignore-cache "$@"
}

test_expect_success 'an image is made' '
    "$CLX_SOURCE_ROOT/tests/system/worker-image" "$CLX" "$CLX_SOURCE_ROOT" image.tar &&
    docker import --change "ENTRYPOINT [\"/usr/local/bin/clx\", \"worker\", \"notebook\"]" image.tar localhost/clx-notebook:latest && rm image.tar &&
    wait_until 20 curl -s -o answer "http://$registry/v2/"
'
test_expect_success 'an image of this machine belongs to no registry before one is named' '
    test_expect_code 2 "$CLX" docker push notebook 2>err && grep "belongs to no registry" err && grep -e "--to=HOST/FOLDER" err
'
test_expect_success 'without credentials, and with wrong ones, a registry takes nothing, and says why' '
    test_expect_code 1 "$CLX" docker push notebook --to=$registry/team 2>err && grep "cannot push $remote:latest: " err && grep -i "no basic auth credentials" err &&
    log_in wrong && test_expect_code 1 "$CLX" docker push notebook --to=$registry/team 2>err && grep -i "unauthorized" err && ! grep -r wrong err
'
test_expect_success 'credentials that a program of docker keeps are not asked for, and that is said' '
    printf "{\"auths\": {\"%s\": {}}, \"credsStore\": \"desktop\"}\n" $registry >docker-config/config.json &&
    test_expect_code 1 "$CLX" docker push notebook --to=$registry/team 2>err && grep "credentials for $registry are kept by a program of docker" err
'
test_expect_success 'with the credentials that docker keeps an image is pushed' '
    log_in "a secret" && "$CLX" docker push notebook --to=$registry/team >out 2>err && grep "^pushed $remote:latest" out &&
    curl -s -u "teacher:a secret" "http://$registry/v2/team/clx-notebook/tags/list" | grep "\"latest\""
'
test_expect_success 'pull fetches it, shows the bytes on a terminal, and the tag latest alone' '
    docker tag localhost/clx-notebook $remote:other && docker push -q $remote:other && forget &&
    CLX_WORKER_MANAGEMENT__NOTEBOOK__IMAGE=$remote script -qec "$CLX docker pull notebook" /dev/null >typescript && grep -a "[0-9] of [0-9.]* MB" typescript &&
    grep -a "pulled $remote ([0-9]* MB)" typescript && test "$(docker image ls --format "{{.Tag}}" $remote)" = latest
'
test_expect_success 'pull without a type passes over the images that are made here, and says so when one is named' '
    forget && CLX_WORKER_MANAGEMENT__DRAWIO__IMAGE=$remote "$CLX" docker pull >out && grep "^localhost/clx-notebook:latest is made here" out && grep "^pulled $remote (" out &&
    test_expect_code 2 "$CLX" docker pull notebook 2>err && grep "run .clx docker build notebook." err
'
test_expect_success 'an image is pulled by its digest' '
    digest=$(docker image inspect -f "{{index .RepoDigests 0}}" $remote) && forget &&
    CLX_WORKER_MANAGEMENT__NOTEBOOK__IMAGE=$digest "$CLX" docker pull notebook && docker image inspect "$digest" >inspected
'
test_expect_success 'a build pulls the image that is missing: told once in a log, with bytes on a terminal, not at all when quiet' '
    forget && build -o one 2>err && test "$(grep -c "^pulling $remote\$" err)" = 1 && test -n "$(list_paths one)" &&
    forget && CLX_WORKER_MANAGEMENT__NOTEBOOK__IMAGE=$remote TERM=xterm script -qec "$CLX build course.yaml --workers=docker --ignore-cache -o two" /dev/null >typescript &&
    grep -a "pulling $remote: [0-9.]* of [0-9.]* MB" typescript && diff -r one two &&
    forget && build -o three -q 2>err && ! grep pulling err && diff -r one three && none_ours
'
test_expect_success 'an image that the registry does not have is told, and nothing is started' '
    CLX_WORKER_MANAGEMENT__NOTEBOOK__IMAGE=$registry/team/missing test_expect_code 1 "$CLX" build course.yaml --workers=docker --ignore-cache -o none 2>err &&
    grep "image .$registry/team/missing. is not here and cannot be pulled: docker: .*manifest unknown" err && none_ours &&
    CLX_WORKER_MANAGEMENT__NOTEBOOK__IMAGE=$registry/team/missing test_expect_code 1 "$CLX" docker pull notebook 2>err && grep "cannot pull $registry/team/missing" err
'
test_expect_success 'a registry that hangs does not hold up Ctrl-C' '
    forget && kill -STOP $registry_pid && { CLX_WORKER_MANAGEMENT__NOTEBOOK__IMAGE=$remote "$CLX" build course.yaml --workers=docker --ignore-cache -o none 2>err & } && build=$! &&
    wait_until 20 grep "^pulling" err && kill -INT $build && wait_until 10 sh -c "! kill -0 $build 2>/dev/null"; kill -CONT $registry_pid; wait $build; test $? -eq 130 && none_ours
'
test_expect_success 'a registry that is gone is told' '
    kill $registry_pid && { wait $registry_pid; true; } && test_expect_code 1 build -o none 2>err && grep "cannot be pulled: .*connection refused" err
'
test_done
