// Segments every TIFF in images/:
//     nextflow run main.nf -with-docker
// An image that cannot be segmented (exit code 2) is left out; a lack of memory (137) is met with more.
params.images = "images/*.tif"
params.how = "--as objects --smallest 20um2 --seed 0"

process SEGMENT {
    container "napari-selfseg:0.1.0"
    // or, without containers: conda "napari-selfseg=0.1.0"
    tag "${image.baseName}"
    cpus 1
    memory { 4.GB * task.attempt }
    errorStrategy { task.exitStatus == 2 ? "ignore" : "retry" }
    maxRetries 2
    publishDir "results", mode: "copy"

    input:
    path image

    output:
    path "${image.baseName}.labels.tif", emit: labels
    path "${image.baseName}.csv", emit: objects

    script:
    """
    export NUMBA_CACHE_DIR=\$PWD/.numba
    napari-selfseg segment ${image} -o ${image.baseName}.labels.tif \\
        --objects ${image.baseName}.csv --threads ${task.cpus} ${params.how}
    """
}

workflow {
    SEGMENT(Channel.fromPath(params.images))
    SEGMENT.out.objects.collectFile(name: "objects.csv", storeDir: "results", keepHeader: true)
}
